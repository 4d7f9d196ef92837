-- Unique keys have 1 to 255 characters.
create or replace function jobmachine._check_key(key text)
returns void
language plpgsql
as $$
begin
  if _check_key.key = '' or length(_check_key.key) > 255 then
    perform jobmachine._refuse('JM001', 'the unique key is empty or too long', format('It has %s characters.', length(_check_key.key)), 'Give 1 to 255 characters, or null for none.');
  end if;
end
$$;
revoke all on function jobmachine._check_key(text) from public;
comment on function jobmachine._check_key(text) is 'Refuses a unique key that is empty or too long; null passes.';
