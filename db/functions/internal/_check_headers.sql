-- Headers are a flat object of at most 8 kB.
create or replace function jobmachine._check_headers(headers jsonb)
returns void
language plpgsql
as $$
begin
  if jsonb_typeof(_check_headers.headers) <> 'object' then
    perform jobmachine._refuse('JM001', 'headers are not an object', format('They are of type %s.', jsonb_typeof(_check_headers.headers)), 'Give a flat JSON object, such as {"trace": "4711"}.');
  elsif exists (select from jsonb_each(_check_headers.headers) h where jsonb_typeof(h.value) in ('object', 'array')) then
    perform jobmachine._refuse('JM001', 'headers are not flat', 'A header is an object or an array.', 'Give strings, numbers and booleans; put structures into the payload.');
  elsif pg_column_size(_check_headers.headers) > 8192 then
    perform jobmachine._refuse('JM002', 'the headers are too large', format('They have %s bytes; the limit is 8192.', pg_column_size(_check_headers.headers)), 'Put the data into the payload.');
  end if;
end
$$;
revoke all on function jobmachine._check_headers(jsonb) from public;
comment on function jobmachine._check_headers(jsonb) is 'Refuses headers that are not a flat object of at most 8 kB.';
