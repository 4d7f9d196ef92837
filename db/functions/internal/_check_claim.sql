-- What claim and claim_many are given.
create or replace function jobmachine._check_claim(queues text[], n integer, limits integer[], ttl interval, worker text)
returns void
language plpgsql
as $$
begin
  perform jobmachine._check_queues(_check_claim.queues);
  if _check_claim.n is null or _check_claim.n not between 1 and 10000 then
    perform jobmachine._refuse('JM001', 'n is out of range', format('n is %s.', coalesce(_check_claim.n::text, 'null')), 'Claim 1 to 10000 jobs at a time.');
  end if;
  if cardinality(_check_claim.limits) <> cardinality(_check_claim.queues) then
    perform jobmachine._refuse('JM001', 'limits and queues differ in length',
      format('%s limits, %s queues.', cardinality(_check_claim.limits), cardinality(_check_claim.queues)), 'Give one limit per queue; null for none.');
  end if;
  if 0 > any (_check_claim.limits) then
    perform jobmachine._refuse('JM001', 'a limit is negative', format('limits are %s.', _check_claim.limits), 'Give 0 or more; null for none.');
  end if;
  if _check_claim.ttl <> '5 min' then -- the default is good
    perform jobmachine._check_interval('ttl', _check_claim.ttl, '1 s');
  end if;
  if _check_claim.worker is not null then
    perform jobmachine._check_worker(_check_claim.worker);
  end if;
end
$$;
revoke all on function jobmachine._check_claim(text[], integer, integer[], interval, text) from public;
comment on function jobmachine._check_claim(text[], integer, integer[], interval, text) is 'Refuses arguments of a claim that are out of range.';
