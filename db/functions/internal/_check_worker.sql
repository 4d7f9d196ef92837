-- Names of workers have 1 to 255 characters.
create or replace function jobmachine._check_worker(worker text)
returns void
language plpgsql
as $$
begin
  if _check_worker.worker = '' or length(_check_worker.worker) > 255 then
    perform jobmachine._refuse('JM001', 'the name of the worker is empty or too long', format('It has %s characters.', length(_check_worker.worker)),
      'Give 1 to 255 characters, such as host:pid.');
  end if;
end
$$;
revoke all on function jobmachine._check_worker(text) from public;
comment on function jobmachine._check_worker(text) is 'Refuses a worker name that is empty or too long; null passes.';
