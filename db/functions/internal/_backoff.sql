-- base x factor^(attempt - 1), at most max, 10 % up or down so that what failed together does not come back together.
create or replace function jobmachine._backoff(attempt integer, base interval, factor double precision, max interval)
returns interval
language sql volatile
as $$
  select pg_catalog.make_interval(secs => (0.9 + 0.2 * pg_catalog.random())
    * least(extract(epoch from max), extract(epoch from base) * pg_catalog.power(factor, least(attempt - 1, 60))))
$$;
revoke all on function jobmachine._backoff(integer, interval, double precision, interval) from public;
comment on function jobmachine._backoff(integer, interval, double precision, interval) is 'How long to wait after a failed attempt.';
