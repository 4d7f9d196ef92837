-- Payloads and replies are at most 1 MB, as jsonb is stored in memory.
create or replace function jobmachine._check_json(name text, value jsonb)
returns void
language plpgsql
as $$
declare
  -- A value that comes from a table may be compressed; then its text is measured.
  v_size constant integer := case when pg_column_compression(_check_json.value) is null then pg_column_size(_check_json.value) else octet_length(_check_json.value::text) end;
begin
  if v_size > 1048576 then
    perform jobmachine._refuse('JM002', format('the %s is too large', _check_json.name),
      format('It has %s bytes; the limit is 1048576.', v_size), 'Store the data elsewhere and send a reference to it.');
  end if;
end
$$;
revoke all on function jobmachine._check_json(text, jsonb) from public;
comment on function jobmachine._check_json(text, jsonb) is 'Refuses a payload or reply over 1 MB; null passes.';
