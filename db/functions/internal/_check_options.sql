-- The options that send and send_many share.
create or replace function jobmachine._check_options(queue text, priority integer, run_at timestamptz, delay interval, max_attempts integer,
  timeout interval, expires_in interval, unique_for interval, headers jsonb, reply_to text)
returns void
language plpgsql
as $$
begin
  perform jobmachine._check_queue(_check_options.queue);
  if _check_options.priority not between 0 and 9 then
    perform jobmachine._refuse('JM001', 'priority is out of range', format('priority is %s.', _check_options.priority), 'Give 0 (first) to 9 (last).');
  end if;
  if _check_options.run_at is not null and _check_options.delay is not null then
    perform jobmachine._refuse('JM001', 'both run_at and delay are given', 'A job has one time to run at.', 'Give run_at or delay.');
  end if;
  if not isfinite(_check_options.run_at) or _check_options.run_at > jobmachine._now() + interval '100 years' then
    perform jobmachine._refuse('JM001', 'run_at is out of range', format('run_at is %s.', _check_options.run_at), 'Give a time within the next 100 years; a past one means now.');
  end if;
  if _check_options.max_attempts not between 1 and 10000 then
    perform jobmachine._refuse('JM001', 'max_attempts is out of range', format('max_attempts is %s.', _check_options.max_attempts), 'Give 1 to 10000.');
  end if;
  if num_nonnulls(_check_options.delay, _check_options.timeout, _check_options.expires_in, _check_options.unique_for) > 0 then
    perform jobmachine._check_interval('delay', _check_options.delay, '0');
    perform jobmachine._check_interval('timeout', _check_options.timeout, '0');
    perform jobmachine._check_interval('expires_in', _check_options.expires_in, '1 us');
    perform jobmachine._check_interval('unique_for', _check_options.unique_for, '1 us');
  end if;
  if _check_options.headers is not null and _check_options.headers <> '{}' then
    perform jobmachine._check_headers(_check_options.headers);
  end if;
  if _check_options.reply_to is not null then
    perform jobmachine._check_queue(_check_options.reply_to);
  end if;
end
$$;
revoke all on function jobmachine._check_options(text, integer, timestamptz, interval, integer, interval, interval, interval, jsonb, text) from public;
comment on function jobmachine._check_options(text, integer, timestamptz, interval, integer, interval, interval, interval, jsonb, text)
  is 'Refuses options of send that are out of range; null means the default and passes.';
