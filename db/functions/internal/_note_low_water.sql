-- Notes candidates: for each lane its first pending ticket; for an empty one, if it has been used since its mark was set,
-- the position behind all that was drawn. Lanes become known by a sample of what was sent last. A step of less than
-- 1,000 is not worth a write.
create or replace function jobmachine._note_low_water(seen bigint, drawn bigint)
returns void
language plpgsql
as $$
begin
  insert into jobmachine.low_water as w (queue, priority, used)
  select distinct j.queue, j.priority, _note_low_water.drawn
  from (
    select j.queue, j.priority from jobmachine.job j
    where j.id > greatest(_note_low_water.seen, _note_low_water.drawn - 2000) and j.id <= _note_low_water.drawn limit 2000
  ) j
  on conflict (queue, priority) do update set used = excluded.used where w.used < w.position;

  update jobmachine.low_water w set candidate = c.candidate
  from (
    select w.queue, w.priority, least(_note_low_water.drawn + 1, coalesce(
      (select jobmachine._position(min(p.rank)) from jobmachine.pending p where p.queue = w.queue
        and p.rank >= jobmachine._rank(w.priority, w.position) and p.rank < jobmachine._rank(w.priority + 1, 0)),
      case when w.used >= w.position then _note_low_water.drawn + 1 else 0 end)) as candidate
    from (select w.* from jobmachine.low_water w order by w.used >= w.position desc, random() limit 1000) w
  ) c
  where w.queue = c.queue and w.priority = c.priority and c.candidate >= w.position + 1000;
end
$$;
revoke all on function jobmachine._note_low_water(bigint, bigint) from public;
comment on function jobmachine._note_low_water(bigint, bigint) is 'Notes how far low-water marks may move.';
