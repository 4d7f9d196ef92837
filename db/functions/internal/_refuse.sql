-- Raises one of our own errors: JM001 invalid argument, JM002 too large, JM003 unique key held by
-- another job, JM004 unknown lease, JM005 versions do not match.
create or replace function jobmachine._refuse(code text, message text, detail text, hint text)
returns void
language plpgsql
as $$
  -- @plpgsql_check_options: performance_warnings = false
  -- Volatile: a planner must not raise for a branch that is not taken.
begin
  raise exception using errcode = _refuse.code, message = _refuse.message, detail = _refuse.detail, hint = _refuse.hint;
end
$$;
revoke all on function jobmachine._refuse(text, text, text, text) from public;
comment on function jobmachine._refuse(text, text, text, text) is 'Raises an error of our own, with detail and hint.';
