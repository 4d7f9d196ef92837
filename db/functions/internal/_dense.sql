-- Are n numbers so close together that it is cheaper to read everything from the first to the last than to look for each?
-- A way down an index costs as much as several rows; that it is four is a guess.
create or replace function jobmachine._dense(first bigint, last bigint, n bigint)
returns boolean
language sql immutable
as $$ select last - first < 4 * n $$;
revoke all on function jobmachine._dense(bigint, bigint, bigint) from public;
comment on function jobmachine._dense(bigint, bigint, bigint) is 'True if n numbers from first to last are best read by range.';
