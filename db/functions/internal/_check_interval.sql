-- Lengths of time are finite, not below a least value, and at most a hundred years.
create or replace function jobmachine._check_interval(name text, value interval, minimum interval)
returns void
language plpgsql
as $$
begin
  -- isfinite is false for the infinite intervals that PostgreSQL 17 knows.
  -- Intervals compare with months of 30 days, but add them as they are: each part is held within bounds, or the sum with a time is none.
  if not isfinite(_check_interval.value) or _check_interval.value < _check_interval.minimum or _check_interval.value > interval '100 years'
    or abs(extract(year from _check_interval.value)) > 100 or abs(extract(day from _check_interval.value)) > 36600
    or abs(extract(hour from _check_interval.value)) > 880000
  then
    perform jobmachine._refuse('JM001', format('%s is out of range', _check_interval.name),
      format('%s is %s.', _check_interval.name, _check_interval.value), format('Give an interval from %s to 100 years.', _check_interval.minimum));
  end if;
end
$$;
revoke all on function jobmachine._check_interval(text, interval, interval) from public;
comment on function jobmachine._check_interval(text, interval, interval) is 'Refuses an interval that is infinite or out of range; null passes.';
