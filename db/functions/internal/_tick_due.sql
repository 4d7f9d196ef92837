-- Promotes what is due, in the order it fell due. Two steps, as everywhere: places first, then move by place. A join in
-- one statement, planned while the table was empty, would read the whole of it later.
create or replace function jobmachine._tick_due()
returns double precision
language plpgsql
as $$
declare
  v_now constant timestamptz := jobmachine._now();
  v_places tid[];
begin
  select array_agg(s.ctid) into v_places
  from (select s.ctid from jobmachine.scheduled s where s.due_at <= v_now order by s.due_at limit 1000 for update skip locked) s;
  if v_places is not null then
    with moved as materialized (
      delete from jobmachine.scheduled s where s.ctid = any (v_places)
      returning s.job_id, s.due_at, s.priority, s.attempt, s.queue, s.receipt, s.expires_at
    )
    insert into jobmachine.pending (job_id, rank, attempt, queue, receipt, expires_at, rings)
    select m.job_id, jobmachine._rank(m.priority, nextval('jobmachine.position')), m.attempt, m.queue, m.receipt, m.expires_at, m.first
    from (select m.*, row_number() over (partition by m.queue) = 1 as first from moved m order by m.due_at, m.job_id) m;
  end if;
  return extract(epoch from (select s.due_at from jobmachine.scheduled s order by s.due_at limit 1) - jobmachine._now())::double precision;
end
$$;
revoke all on function jobmachine._tick_due() from public;
comment on function jobmachine._tick_due() is 'Moves due tickets from scheduled to pending; seconds until the next is due.';
