-- Turns candidates into marks if none of the writers noted with them is still under way; false if one is.
-- The lanes are read again, above the old marks: those writers may have committed tickets below the candidates.
create or replace function jobmachine._confirm_low_water(writers text[])
returns boolean
language plpgsql
as $$
begin
  if _confirm_low_water.writers && jobmachine._pending_writers() then
    return false;
  end if;
  update jobmachine.low_water w
  set position = least(w.candidate, (select jobmachine._position(min(p.rank)) from jobmachine.pending p where p.queue = w.queue
      and p.rank >= jobmachine._rank(w.priority, w.position) and p.rank < jobmachine._rank(w.priority + 1, 0))),
    candidate = null
  where w.candidate is not null;
  return true;
end
$$;
revoke all on function jobmachine._confirm_low_water(text[]) from public;
comment on function jobmachine._confirm_low_water(text[]) is 'Turns candidates into low-water marks.';
