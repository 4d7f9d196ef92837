-- Once a minute: is there a segment whose jobs are all older than the retention?
create or replace function jobmachine._retire_is_due()
returns boolean
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_first bigint;
  v_upper bigint;
begin
  if (select m.retired_at from jobmachine.meta m) > v_now - interval '1 min' then
    return false;
  end if;
  select min(b.upper), max(b.upper) filter (where (select j.created_at from jobmachine.job j where j.id >= b.upper order by j.id limit 1)
      <= v_now - (select s.retention from jobmachine._setting('*') s))
  into v_first, v_upper
  from unnest(jobmachine._segment_bounds()) b (upper);
  if v_upper > v_first or v_upper = v_first and jobmachine._first_segment_is_large() then
    return true;
  end if;
  perform from jobmachine.meta m for update skip locked;
  if found then
    update jobmachine.meta m set retired_at = v_now;
  end if;
  return false;
end
$$;
revoke all on function jobmachine._retire_is_due() from public;
comment on function jobmachine._retire_is_due() is 'True if a segment may be dropped.';
