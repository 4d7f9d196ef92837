-- Notes candidates: for each lane its first pending ticket, or behind all that was drawn if it is empty and in use.
-- Lanes become known by a sample of what was sent last. A step of less than 1,000 is not worth a write.
create or replace function jobmachine._note_low_water(seen bigint, drawn bigint)
returns void
language plpgsql
as $$
declare
  v_recent text[];
begin
  with sample as (
    select distinct j.queue, j.priority
    from (
      select j.queue, j.priority from jobmachine.job j
      where j.id > greatest(_note_low_water.seen, _note_low_water.drawn - 2000) and j.id <= _note_low_water.drawn limit 2000
    ) j
  ), fresh as (
    insert into jobmachine.low_water (queue, priority)
    select s.queue, s.priority from sample s on conflict do nothing
  )
  select array_agg(s.priority || s.queue) into v_recent from sample s;

  update jobmachine.low_water w set candidate = least(_note_low_water.drawn + 1, c.first)
  from (
    select w.queue, w.priority, coalesce(
      (select min(p.position) from jobmachine.pending p where p.queue = w.queue and p.priority = w.priority and p.position >= w.position),
      case when w.priority || w.queue = any (v_recent) then _note_low_water.drawn + 1 end) as first
    from (select w.* from jobmachine.low_water w order by w.priority || w.queue = any (v_recent) desc nulls last, random() limit 1000) w
  ) c
  where w.queue = c.queue and w.priority = c.priority and least(_note_low_water.drawn + 1, c.first) >= w.position + 1000 and c.first is not null;
end
$$;
revoke all on function jobmachine._note_low_water(bigint, bigint) from public;
comment on function jobmachine._note_low_water(bigint, bigint) is 'Notes how far low-water marks may move.';
