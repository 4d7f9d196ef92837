-- What an install makes, as pg_dump of PostgreSQL 15 shows it, without function bodies. Written by make generate.

-- Name: jobmachine; Type: SCHEMA; Schema: -; Owner: -

CREATE SCHEMA jobmachine;

-- Name: _add_segment(bigint, bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._add_segment(lower bigint, upper bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _add_segment(lower bigint, upper bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._add_segment(lower bigint, upper bigint) IS 'Adds a segment for ids from lower up to below upper.';

-- Name: _after_end(bigint[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._after_end(job_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _after_end(job_ids bigint[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._after_end(job_ids bigint[]) IS 'Wakes who waits for jobs that are over, frees their keys and sends what reply_to asks for.';

-- Name: _asks(timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._asks(now timestamp with time zone) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$...$$;

-- Name: FUNCTION _asks(now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._asks(now timestamp with time zone) IS 'True if this session has not asked in this second whether tick is due.';

-- Name: _asleep(text, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._asleep(bell text, kind text) RETURNS boolean
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _asleep(bell text, kind text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._asleep(bell text, kind text) IS 'True if somebody may sleep on the bell; kind is queue or reply.';

-- Name: _backoff(integer, interval, double precision, interval); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._backoff(attempt integer, base interval, factor double precision, max interval) RETURNS interval
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _backoff(attempt integer, base interval, factor double precision, max interval); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._backoff(attempt integer, base interval, factor double precision, max interval) IS 'How long to wait after a failed attempt.';

-- Name: _channel(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._channel(bell text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$...$$;

-- Name: FUNCTION _channel(bell text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._channel(bell text) IS 'The NOTIFY channel of a bell.';

-- Name: _check_claim(text[], integer, integer[], interval, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_claim(queues text[], n integer, limits integer[], ttl interval, worker text) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_claim(queues text[], n integer, limits integer[], ttl interval, worker text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_claim(queues text[], n integer, limits integer[], ttl interval, worker text) IS 'Refuses arguments of a claim that are out of range.';

-- Name: _check_headers(jsonb); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_headers(headers jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_headers(headers jsonb); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_headers(headers jsonb) IS 'Refuses headers that are not a flat object of at most 8 kB.';

-- Name: _check_interval(text, interval, interval); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_interval(name text, value interval, minimum interval) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_interval(name text, value interval, minimum interval); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_interval(name text, value interval, minimum interval) IS 'Refuses an interval that is infinite or out of range; null passes.';

-- Name: _check_json(text, jsonb); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_json(name text, value jsonb) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_json(name text, value jsonb); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_json(name text, value jsonb) IS 'Refuses a payload or reply over 1 MB; null passes.';

-- Name: _check_key(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_key(key text) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_key(key text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_key(key text) IS 'Refuses a unique key that is empty or too long; null passes.';

-- Name: _check_options(text, integer, timestamp with time zone, interval, integer, interval, interval, interval, jsonb, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_options(queue text, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_for interval, headers jsonb, reply_to text) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_options(queue text, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_for interval, headers jsonb, reply_to text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_options(queue text, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_for interval, headers jsonb, reply_to text) IS 'Refuses options of send that are out of range; null means the default and passes.';

-- Name: _check_outcome(bigint, bigint, text, interval); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_outcome(job_id bigint, receipt bigint, outcome text, delay interval) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_outcome(job_id bigint, receipt bigint, outcome text, delay interval); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_outcome(job_id bigint, receipt bigint, outcome text, delay interval) IS 'Refuses an element of settle that makes no sense.';

-- Name: _check_queue(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_queue(queue text) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_queue(queue text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_queue(queue text) IS 'Refuses what cannot name a queue.';

-- Name: _check_queues(text[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_queues(queues text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_queues(queues text[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_queues(queues text[]) IS 'Refuses what names neither a queue nor a pattern.';

-- Name: _check_run(bigint, bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_run(job_id bigint, receipt bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_run(job_id bigint, receipt bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_run(job_id bigint, receipt bigint) IS 'Refuses a null job or receipt.';

-- Name: _check_worker(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._check_worker(worker text) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _check_worker(worker text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._check_worker(worker text) IS 'Refuses a worker name that is empty or too long; null passes.';

-- Name: _collect(text, integer, timestamp with time zone, bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._collect(queue text, n integer, now timestamp with time zone, start bigint) RETURNS tid[]
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _collect(queue text, n integer, now timestamp with time zone, start bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._collect(queue text, n integer, now timestamp with time zone, start bigint) IS 'Locks tickets of a queue for a claim.';

-- Name: _collect_batch(text, integer, timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._collect_batch(queue text, n integer, now timestamp with time zone) RETURNS tid[]
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _collect_batch(queue text, n integer, now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._collect_batch(queue text, n integer, now timestamp with time zone) IS 'Locks many tickets of a queue for a claim, not in the way of other such claims.';

-- Name: _collect_pattern(text, integer, timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._collect_pattern(pattern text, n integer, now timestamp with time zone) RETURNS tid[]
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _collect_pattern(pattern text, n integer, now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._collect_pattern(pattern text, n integer, now timestamp with time zone) IS 'Locks tickets of the queues that match a pattern.';

-- Name: _collect_queues(text[], integer, integer[], timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._collect_queues(queues text[], n integer, limits integer[], now timestamp with time zone) RETURNS tid[]
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _collect_queues(queues text[], n integer, limits integer[], now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._collect_queues(queues text[], n integer, limits integer[], now timestamp with time zone) IS 'Locks tickets for a claim.';

-- Name: _complete(bigint[], bigint[], jsonb[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._complete(job_ids bigint[], receipts bigint[], replies jsonb[]) RETURNS text[]
    LANGUAGE plpgsql
    SET enable_hashjoin TO 'on'
    SET enable_nestloop TO 'off'
    AS $$...$$;

-- Name: FUNCTION _complete(job_ids bigint[], receipts bigint[], replies jsonb[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._complete(job_ids bigint[], receipts bigint[], replies jsonb[]) IS 'Finishes runs with their replies; a verdict each.';

-- Name: _confirm_low_water(text[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._confirm_low_water(writers text[]) RETURNS boolean
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _confirm_low_water(writers text[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._confirm_low_water(writers text[]) IS 'Turns candidates into low-water marks.';

-- Name: _dense(bigint, bigint, bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._dense(first bigint, last bigint, n bigint) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$ select last - first < 4 * n $$;

-- Name: FUNCTION _dense(first bigint, last bigint, n bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._dense(first bigint, last bigint, n bigint) IS 'True if n numbers from first to last are best read by range.';

-- Name: _end_attempt(bigint[], bigint[], text[], text[], jsonb[], interval[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._end_attempt(job_ids bigint[], receipts bigint[], outcomes text[], errors text[], details jsonb[], delays interval[]) RETURNS text[]
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _end_attempt(job_ids bigint[], receipts bigint[], outcomes text[], errors text[], details jsonb[], delays interval[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._end_attempt(job_ids bigint[], receipts bigint[], outcomes text[], errors text[], details jsonb[], delays interval[]) IS 'Ends runs that did not complete; a verdict each.';

-- Name: _end_one(bigint, bigint, text, text, jsonb, interval); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._end_one(job_id bigint, receipt bigint, outcome text, error text, detail jsonb, delay interval) RETURNS text
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _end_one(job_id bigint, receipt bigint, outcome text, error text, detail jsonb, delay interval); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._end_one(job_id bigint, receipt bigint, outcome text, error text, detail jsonb, delay interval) IS 'Ends one run that did not complete.';

-- Name: _erase(bigint[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._erase(job_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _erase(job_ids bigint[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._erase(job_ids bigint[]) IS 'Removes jobs with their replies and failed attempts.';

-- Name: _first_segment_is_large(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._first_segment_is_large() RETURNS boolean
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _first_segment_is_large(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._first_segment_is_large() IS 'True if the first segment has over 10 MB.';

-- Name: _forget(bigint[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._forget(job_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _forget(job_ids bigint[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._forget(job_ids bigint[]) IS 'Removes finished jobs, their replies, failed attempts and keys.';

-- Name: _forget_at_once(bigint[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._forget_at_once(job_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _forget_at_once(job_ids bigint[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._forget_at_once(job_ids bigint[]) IS 'Removes finished jobs of queues with retention 0.';

-- Name: _forget_finished(bigint[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._forget_finished(job_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _forget_finished(job_ids bigint[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._forget_finished(job_ids bigint[]) IS 'Removes those of the jobs that are finished.';

-- Name: _forget_history(bigint, bigint[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._forget_history(upper bigint, keep bigint[]) RETURNS bigint
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _forget_history(upper bigint, keep bigint[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._forget_history(upper bigint, keep bigint[]) IS 'Deletes what belongs to jobs that are about to be dropped.';

-- Name: _free_keys(bigint[], boolean); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._free_keys(job_ids bigint[], timed boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _free_keys(job_ids bigint[], timed boolean); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._free_keys(job_ids bigint[], timed boolean) IS 'Frees the unique keys of jobs.';

-- Name: _has_ticket(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._has_ticket(queue text) RETURNS boolean
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _has_ticket(queue text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._has_ticket(queue text) IS 'True if a queue has a pending ticket.';

-- Name: _has_work(text, timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._has_work(queue text, now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _has_work(queue text, now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._has_work(queue text, now timestamp with time zone) IS 'True if a claim of the queue or pattern could find something.';

-- Name: _held_keys(integer); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._held_keys(class integer) RETURNS integer[]
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _held_keys(class integer); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._held_keys(class integer) IS 'The keys of a class of advisory locks that this session holds, shared.';

-- Name: _hold_keys(integer, integer[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._hold_keys(class integer, keys integer[]) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _hold_keys(class integer, keys integer[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._hold_keys(class integer, keys integer[]) IS 'Takes the missing keys of a class and drops the others.';

-- Name: _insert_job(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._insert_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$...$$;

-- Name: FUNCTION _insert_job(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._insert_job() IS 'Makes INSERT on the view jobs a send.';

-- Name: _insert_jobs(text, jsonb[], integer, timestamp with time zone, interval, integer, interval, interval, text[], interval, jsonb, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._insert_jobs(queue text, payloads jsonb[], priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_keys text[], unique_for interval, headers jsonb, reply_to text) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _insert_jobs(queue text, payloads jsonb[], priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_keys text[], unique_for interval, headers jsonb, reply_to text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._insert_jobs(queue text, payloads jsonb[], priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_keys text[], unique_for interval, headers jsonb, reply_to text) IS 'Checks the options and stores the jobs; ids in input order.';

-- Name: _insert_pending(text, jsonb[], integer, integer, interval, timestamp with time zone, jsonb, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._insert_pending(queue text, payloads jsonb[], priority integer, max_attempts integer, timeout interval, expires_at timestamp with time zone, headers jsonb, reply_to text) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _insert_pending(queue text, payloads jsonb[], priority integer, max_attempts integer, timeout interval, expires_at timestamp with time zone, headers jsonb, reply_to text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._insert_pending(queue text, payloads jsonb[], priority integer, max_attempts integer, timeout interval, expires_at timestamp with time zone, headers jsonb, reply_to text) IS 'Stores jobs and their tickets in pending; ids in input order.';

-- Name: _insert_special(text, jsonb[], integer, timestamp with time zone, integer, interval, timestamp with time zone, text[], timestamp with time zone, jsonb, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._insert_special(queue text, payloads jsonb[], priority integer, due_at timestamp with time zone, max_attempts integer, timeout interval, expires_at timestamp with time zone, unique_keys text[], unique_until timestamp with time zone, headers jsonb, reply_to text) RETURNS bigint[]
    LANGUAGE plpgsql
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$...$$;

-- Name: FUNCTION _insert_special(queue text, payloads jsonb[], priority integer, due_at timestamp with time zone, max_attempts integer, timeout interval, expires_at timestamp with time zone, unique_keys text[], unique_until timestamp with time zone, headers jsonb, reply_to text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._insert_special(queue text, payloads jsonb[], priority integer, due_at timestamp with time zone, max_attempts integer, timeout interval, expires_at timestamp with time zone, unique_keys text[], unique_until timestamp with time zone, headers jsonb, reply_to text) IS 'Stores jobs that are scheduled or unique; ids in input order, of a duplicate the id of the first.';

-- Name: _is_plain(text, anyelement, integer, jsonb); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._is_plain(queue text, payload anyelement, priority integer, headers jsonb) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$...$$;

-- Name: FUNCTION _is_plain(queue text, payload anyelement, priority integer, headers jsonb); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._is_plain(queue text, payload anyelement, priority integer, headers jsonb) IS 'True if a send needs no closer look.';

-- Name: _keeps_nothing(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._keeps_nothing(queue text) RETURNS boolean
    LANGUAGE plpgsql STABLE
    AS $$...$$;

-- Name: FUNCTION _keeps_nothing(queue text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._keeps_nothing(queue text) IS 'True if jobs of the queue are removed when they are over.';

-- Name: _key_a(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._key_a(bell text) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$...$$;

-- Name: FUNCTION _key_a(bell text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._key_a(bell text) IS 'Key A of a bell: the lower half of its hash.';

-- Name: _key_b(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._key_b(bell text) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$...$$;

-- Name: FUNCTION _key_b(bell text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._key_b(bell text) IS 'Key B of a bell: the upper half of its hash.';

-- Name: _lease_key(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._lease_key(lease_id bigint) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$...$$;

-- Name: FUNCTION _lease_key(lease_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._lease_key(lease_id bigint) IS 'The advisory lock of a lease.';

-- Name: _listen(text[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._listen(bells text[]) RETURNS boolean
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _listen(bells text[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._listen(bells text[]) IS 'LISTENs to the channels of the bells; true if one of them is new.';

-- Name: _lock_class(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._lock_class(kind text) RETURNS integer
    LANGUAGE sql IMMUTABLE
    AS $$...$$;

-- Name: FUNCTION _lock_class(kind text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._lock_class(kind text) IS 'Class ids of advisory locks.';

-- Name: _may_sleep(integer, integer); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._may_sleep(class integer, key_a integer) RETURNS boolean
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _may_sleep(class integer, key_a integer); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._may_sleep(class integer, key_a integer) IS 'False if surely no other session sleeps on the bell whose key A is given; class is that of its key.';

-- Name: _next_queue(text, text, boolean); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._next_queue(prefix text, start text, exclusive boolean) RETURNS text
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _next_queue(prefix text, start text, exclusive boolean); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._next_queue(prefix text, start text, exclusive boolean) IS 'Steps through the queues that have pending tickets.';

-- Name: _next_state(text, boolean, boolean, interval, boolean); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._next_state(outcome text, cancel_requested boolean, used_up boolean, delay interval, crashed_before boolean) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$...$$;

-- Name: FUNCTION _next_state(outcome text, cancel_requested boolean, used_up boolean, delay interval, crashed_before boolean); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._next_state(outcome text, cancel_requested boolean, used_up boolean, delay interval, crashed_before boolean) IS 'Where a ticket goes when its run ends without completing.';

-- Name: _note_low_water(bigint, bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._note_low_water(seen bigint, drawn bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _note_low_water(seen bigint, drawn bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._note_low_water(seen bigint, drawn bigint) IS 'Notes how far low-water marks may move.';

-- Name: _now(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._now() RETURNS timestamp with time zone
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _now(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._now() IS 'The time that decides everything: the database''s.';

-- Name: _open_claim_lease(text[], interval, text, timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._open_claim_lease(queues text[], ttl interval, worker text, now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _open_claim_lease(queues text[], ttl interval, worker text, now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._open_claim_lease(queues text[], ttl interval, worker text, now timestamp with time zone) IS 'Opens the lease of a claim that has none.';

-- Name: _pending_before(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._pending_before(upper bigint) RETURNS SETOF bigint
    LANGUAGE sql STABLE
    AS $$...$$;

-- Name: FUNCTION _pending_before(upper bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._pending_before(upper bigint) IS 'Pending jobs with numbers below a bound.';

-- Name: _pending_place(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._pending_place(job_id bigint) RETURNS tid
    LANGUAGE sql STABLE
    AS $$...$$;

-- Name: FUNCTION _pending_place(job_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._pending_place(job_id bigint) IS 'Where the pending ticket of a job is; null: it is not pending.';

-- Name: _pending_writers(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._pending_writers() RETURNS text[]
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _pending_writers(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._pending_writers() IS 'Transactions that may be inserting into pending.';

-- Name: _position(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._position(rank bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$...$$;

-- Name: FUNCTION _position(rank bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._position(rank bigint) IS 'The position in a rank.';

-- Name: _put_back(bigint, smallint, bigint, timestamp with time zone, timestamp with time zone, timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._put_back(job_id bigint, attempt smallint, receipt bigint, expires_at timestamp with time zone, run_at timestamp with time zone, now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _put_back(job_id bigint, attempt smallint, receipt bigint, expires_at timestamp with time zone, run_at timestamp with time zone, now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._put_back(job_id bigint, attempt smallint, receipt bigint, expires_at timestamp with time zone, run_at timestamp with time zone, now timestamp with time zone) IS 'Gives a job a new ticket.';

-- Name: _rank(integer, bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._rank(priority integer, "position" bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$...$$;

-- Name: FUNCTION _rank(priority integer, "position" bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._rank(priority integer, "position" bigint) IS 'The start order of a ticket within its queue: by priority, then by position.';

-- Name: _receipt(bigint, bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._receipt(rank bigint, salt bigint) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$...$$;

-- Name: FUNCTION _receipt(rank bigint, salt bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._receipt(rank bigint, salt bigint) IS 'The receipt of a run; salt is that of its claim.';

-- Name: _refuse(text, text, text, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._refuse(code text, message text, detail text, hint text) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _refuse(code text, message text, detail text, hint text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._refuse(code text, message text, detail text, hint text) IS 'Raises an error of our own, with detail and hint.';

-- Name: _refuse_lease(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._refuse_lease(lease_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _refuse_lease(lease_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._refuse_lease(lease_id bigint) IS 'Raises JM004.';

-- Name: _retire_is_due(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._retire_is_due() RETURNS boolean
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _retire_is_due(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._retire_is_due() IS 'True if a segment may be dropped.';

-- Name: _retire_segments(bigint, bigint[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._retire_segments(upper bigint, keep bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $_$
declare
  v_schema constant text := (select n.nspname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = 'jobmachine.job'::regclass);
  v_keep bigint[];
  v_parent text;
  v_key text;
  v_segment text;
  v_old text;
begin
  perform set_config('lock_timeout', '50ms', true);
  lock table jobmachine.job, jobmachine.finished in access exclusive mode;
  select array_agg(distinct k.id) into v_keep
  from (
    select k.id from unnest(_retire_segments.keep) k (id)
    union all select s.job_id from jobmachine.scheduled s where s.job_id < _retire_segments.upper
    union all select p.job_id from jobmachine._pending_before(_retire_segments.upper) p (job_id)
    union all select r.job_id from jobmachine.running r where r.job_id < _retire_segments.upper
  ) k;
  foreach v_parent in array array['job', 'finished'] loop
    v_key := case v_parent when 'job' then 'id' else 'job_id' end;
    v_segment := format('%I.%I', v_schema, v_parent || '_to_' || _retire_segments.upper);
    if to_regclass(v_segment) is not null then -- the first segment is rebuilt
      v_segment := format('%I.%I', v_schema, v_parent || '_to_' || _retire_segments.upper || '_' || extract(epoch from clock_timestamp())::bigint);
    end if;
    execute format('create table %s (like jobmachine.%I including all)', v_segment, v_parent);
    execute format('insert into %s select * from jobmachine.%I where %I = any ($1)', v_segment, v_parent, v_key) using v_keep;
    for v_old in
      select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = format('jobmachine.%I', v_parent)::regclass
        and substring(pg_get_expr(c.relpartbound, c.oid), 'TO [(]''([0-9]+)''[)]')::bigint <= _retire_segments.upper
    loop
      execute format('drop table %I.%I', v_schema, v_old);
    end loop;
    execute format('alter table jobmachine.%I attach partition %s for values from (minvalue) to (%s)', v_parent, v_segment, _retire_segments.upper);
  end loop;
end
$_$;

-- Name: FUNCTION _retire_segments(upper bigint, keep bigint[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._retire_segments(upper bigint, keep bigint[]) IS 'Drops segments below a bound, except for the jobs to keep.';

-- Name: _ring(text, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._ring(bell text, kind text) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _ring(bell text, kind text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._ring(bell text, kind text) IS 'NOTIFY, if somebody sleeps on the bell; kind is queue or reply.';

-- Name: _ring_pending(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._ring_pending() RETURNS trigger
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _ring_pending(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._ring_pending() IS 'Wakes sleepers for a new ticket in pending.';

-- Name: _ring_reply(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._ring_reply() RETURNS trigger
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _ring_reply(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._ring_reply() IS 'Wakes those who wait for answers of a job.';

-- Name: _ring_scheduled(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._ring_scheduled() RETURNS trigger
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _ring_scheduled(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._ring_scheduled() IS 'Wakes who would tick too late for new tickets in scheduled.';

-- Name: _ring_waiters(bigint[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._ring_waiters(job_ids bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _ring_waiters(job_ids bigint[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._ring_waiters(job_ids bigint[]) IS 'Wakes those who wait for answers of these jobs.';

-- Name: _rings(integer); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._rings(key_a integer) RETURNS boolean
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _rings(key_a integer); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._rings(key_a integer) IS 'False if surely no other session sleeps on a queue, whose bell''s key A is given, or on all.';

-- Name: _salt(bigint, timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._salt(lease_id bigint, now timestamp with time zone) RETURNS bigint
    LANGUAGE sql STABLE
    AS $$...$$;

-- Name: FUNCTION _salt(lease_id bigint, now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._salt(lease_id bigint, now timestamp with time zone) IS 'What makes the receipts of a claim differ from those of another.';

-- Name: _segment_bounds(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._segment_bounds() RETURNS bigint[]
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _segment_bounds(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._segment_bounds() IS 'Upper bounds of the segments of job, ascending.';

-- Name: _send_with_options(text, jsonb, integer, timestamp with time zone, interval, integer, interval, interval, text, interval, jsonb, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._send_with_options(queue text, payload jsonb, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_key text, unique_for interval, headers jsonb, reply_to text) RETURNS bigint
    LANGUAGE plpgsql
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION _send_with_options(queue text, payload jsonb, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_key text, unique_for interval, headers jsonb, reply_to text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._send_with_options(queue text, payload jsonb, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_key text, unique_for interval, headers jsonb, reply_to text) IS 'Sends one job; the arguments are those of send.';

-- Name: _sender_under_way(text[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._sender_under_way(bells text[]) RETURNS boolean
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _sender_under_way(bells text[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._sender_under_way(bells text[]) IS 'True while an open transaction has rung one of the bells.';

-- Name: queue; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.queue (
    name text NOT NULL COLLATE pg_catalog."C",
    paused_at timestamp with time zone,
    max_attempts smallint,
    backoff interval,
    backoff_factor double precision,
    backoff_max interval,
    timeout interval,
    retention interval
);

-- Name: TABLE queue; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.queue IS 'Settings of queues. A missing row or a null means the default; the row * holds the defaults of every queue.';

-- Name: COLUMN queue.paused_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.queue.paused_at IS 'Nothing is claimed since then.';

-- Name: COLUMN queue.max_attempts; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.queue.max_attempts IS 'Attempts of a job; 25 by default.';

-- Name: COLUMN queue.backoff; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.queue.backoff IS 'The wait after the first failed attempt; 1 s by default.';

-- Name: COLUMN queue.backoff_factor; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.queue.backoff_factor IS 'Each further wait is this much longer; 2 by default.';

-- Name: COLUMN queue.backoff_max; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.queue.backoff_max IS 'The longest wait; 1 h by default.';

-- Name: COLUMN queue.timeout; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.queue.timeout IS 'The longest one attempt may run; 30 min by default, 0 = no limit.';

-- Name: COLUMN queue.retention; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.queue.retention IS 'How long finished jobs stay; 30 days by default, 0 = not at all.';

-- Name: _setting(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._setting(queue text) RETURNS SETOF jobmachine.queue
    LANGUAGE sql STABLE
    AS $$...$$;

-- Name: FUNCTION _setting(queue text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._setting(queue text) IS 'Settings of a queue, defaults filled in.';

-- Name: _settle(bigint[], bigint[], text[], text[], text[], interval[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[], errors text[], delays interval[]) RETURNS text[]
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[], errors text[], delays interval[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[], errors text[], delays interval[]) IS 'Ends runs in one go; raises if an element makes no sense.';

-- Name: _settle_one(bigint, bigint, text, text, text, interval); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._settle_one(job_id bigint, receipt bigint, outcome text, reply text, error text, delay interval) RETURNS text
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _settle_one(job_id bigint, receipt bigint, outcome text, reply text, error text, delay interval); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._settle_one(job_id bigint, receipt bigint, outcome text, reply text, error text, delay interval) IS 'Ends one run; invalid if its outcome cannot be stored.';

-- Name: _skip_fast_segment(bigint, timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._skip_fast_segment(cursor_id bigint, now timestamp with time zone) RETURNS bigint
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _skip_fast_segment(cursor_id bigint, now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._skip_fast_segment(cursor_id bigint, now timestamp with time zone) IS 'Where the purge goes on.';

-- Name: _sleep_on(text[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._sleep_on(bells text[]) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _sleep_on(bells text[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._sleep_on(bells text[]) IS 'Makes this session a sleeper on the bells of queues, and on no others.';

-- Name: _sleeps_itself(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._sleeps_itself() RETURNS boolean
    LANGUAGE sql STABLE
    AS $$...$$;

-- Name: FUNCTION _sleeps_itself(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._sleeps_itself() IS 'True if this session is parked or waits for an answer.';

-- Name: job; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.job (
    id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    timeout interval,
    priority smallint NOT NULL,
    max_attempts smallint,
    queue text NOT NULL COLLATE pg_catalog."C",
    payload jsonb NOT NULL,
    unique_key text COLLATE pg_catalog."C",
    reply_to text COLLATE pg_catalog."C",
    headers jsonb
)
PARTITION BY RANGE (id);

-- Name: TABLE job; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.job IS 'What was sent; never changes.';

-- Name: COLUMN job.id; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.id IS 'The ticket number.';

-- Name: COLUMN job.created_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.created_at IS 'When it was sent.';

-- Name: COLUMN job.expires_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.expires_at IS 'Not started by then: failed, reason expired.';

-- Name: COLUMN job.timeout; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.timeout IS 'The longest one attempt may run; 0 = no limit; null = the setting of the queue.';

-- Name: COLUMN job.priority; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.priority IS '0 starts first, 9 last.';

-- Name: COLUMN job.max_attempts; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.max_attempts IS 'Attempts before the job fails for good; null = the setting of the queue.';

-- Name: COLUMN job.queue; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.queue IS 'The queue, which is also the type of the job.';

-- Name: COLUMN job.payload; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.payload IS 'What the worker needs to know.';

-- Name: COLUMN job.unique_key; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.unique_key IS 'At most one unfinished job of the queue has this key.';

-- Name: COLUMN job.reply_to; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.reply_to IS 'The queue that gets a job when this one is over.';

-- Name: COLUMN job.headers; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.job.headers IS 'A flat object for the handler; null = {}.';

-- Name: running; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.running (
    job_id bigint NOT NULL,
    lease_id bigint NOT NULL,
    receipt bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    deadline_at timestamp with time zone,
    cancel_requested_at timestamp with time zone,
    attempt smallint NOT NULL,
    queue text NOT NULL COLLATE pg_catalog."C",
    unique_key text COLLATE pg_catalog."C",
    reply_to text COLLATE pg_catalog."C",
    cancel_reason text
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_cost_delay='0', autovacuum_vacuum_insert_scale_factor='0', autovacuum_vacuum_insert_threshold='50000', vacuum_truncate=off);

-- Name: TABLE running; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.running IS 'Tickets that a worker holds.';

-- Name: COLUMN running.lease_id; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.running.lease_id IS 'The lease that keeps this run alive.';

-- Name: COLUMN running.receipt; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.running.receipt IS 'Proof of this very run: the fence against a run that was given up.';

-- Name: COLUMN running.deadline_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.running.deadline_at IS 'The attempt ends as failed, reason timeout, at this time.';

-- Name: COLUMN running.cancel_requested_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.running.cancel_requested_at IS 'When the worker was asked to stop.';

-- Name: COLUMN running.attempt; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.running.attempt IS 'The number of this attempt, counted at the claim.';

-- Name: COLUMN running.cancel_reason; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.running.cancel_reason IS 'The words of the one who cancelled.';

-- Name: claimed_job; Type: VIEW; Schema: jobmachine; Owner: -

CREATE VIEW jobmachine.claimed_job AS
 SELECT r.job_id AS id,
    r.receipt,
    j.queue,
    j.payload,
    COALESCE(j.headers, '{}'::jsonb) AS headers,
    (r.attempt)::integer AS attempt,
    COALESCE((j.max_attempts)::integer, (q.max_attempts)::integer, (d.max_attempts)::integer, 25) AS max_attempts,
    j.created_at,
    r.deadline_at,
    r.lease_id,
    j.reply_to
   FROM (((jobmachine.running r
     JOIN jobmachine.job j ON ((j.id = r.job_id)))
     LEFT JOIN jobmachine.queue q ON ((q.name = j.queue)))
     LEFT JOIN jobmachine.queue d ON ((d.name = '*'::text)));

-- Name: VIEW claimed_job; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON VIEW jobmachine.claimed_job IS 'Jobs that are running, as claim hands them out.';

-- Name: COLUMN claimed_job.receipt; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.claimed_job.receipt IS 'To be shown with complete, fail, snooze, release and reply.';

-- Name: COLUMN claimed_job.deadline_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.claimed_job.deadline_at IS 'The attempt is failed at this time; null = no limit.';

-- Name: _start(tid[], bigint, timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._start(tickets tid[], lease_id bigint, now timestamp with time zone) RETURNS SETOF jobmachine.claimed_job
    LANGUAGE plpgsql
    SET enable_mergejoin TO 'on'
    AS $$...$$;

-- Name: FUNCTION _start(tickets tid[], lease_id bigint, now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._start(tickets tid[], lease_id bigint, now timestamp with time zone) IS 'Moves locked tickets to running and returns the jobs in start order.';

-- Name: _start_one(tid, bigint, timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._start_one(ticket tid, lease_id bigint, now timestamp with time zone) RETURNS jobmachine.claimed_job
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _start_one(ticket tid, lease_id bigint, now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._start_one(ticket tid, lease_id bigint, now timestamp with time zone) IS 'Moves a locked ticket to running and returns the job.';

-- Name: _suspicious(anyelement); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._suspicious(value anyelement) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$...$$;

-- Name: FUNCTION _suspicious(value anyelement); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._suspicious(value anyelement) IS 'True if a value may be over 1 MB.';

-- Name: _take_away(bigint[], bigint[], text, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._take_away(job_ids bigint[], receipts bigint[], outcome text, error text) RETURNS void
    LANGUAGE sql
    AS $$...$$;

-- Name: FUNCTION _take_away(job_ids bigint[], receipts bigint[], outcome text, error text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._take_away(job_ids bigint[], receipts bigint[], outcome text, error text) IS 'Ends attempts as timeout or crash.';

-- Name: _take_key_again(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._take_key_again(job_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _take_key_again(job_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._take_key_again(job_id bigint) IS 'Takes the unique key of a job that comes back.';

-- Name: _tick(text[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._tick(parts text[]) RETURNS double precision
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _tick(parts text[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._tick(parts text[]) IS 'Does parts of the housekeeping; seconds until it wants to be called again.';

-- Name: _tick_due(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._tick_due() RETURNS double precision
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _tick_due(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._tick_due() IS 'Moves due tickets from scheduled to pending; seconds until the next is due.';

-- Name: _tick_expired(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._tick_expired() RETURNS double precision
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _tick_expired(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._tick_expired() IS 'Fails tickets whose expires_at has passed; seconds until the next.';

-- Name: _tick_is_due(timestamp with time zone, integer); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._tick_is_due(now timestamp with time zone, seconds integer) RETURNS boolean
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _tick_is_due(now timestamp with time zone, seconds integer); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._tick_is_due(now timestamp with time zone, seconds integer) IS 'True if tick has not been called for some seconds.';

-- Name: _tick_leases(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._tick_leases() RETURNS double precision
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _tick_leases(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._tick_leases() IS 'Expires leases and puts their jobs back; seconds until it should look again.';

-- Name: _tick_low_water(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._tick_low_water() RETURNS double precision
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _tick_low_water(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._tick_low_water() IS 'Moves low-water marks.';

-- Name: _tick_overdue(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._tick_overdue() RETURNS double precision
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _tick_overdue(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._tick_overdue() IS 'Ends attempts past their deadline; seconds until the next.';

-- Name: _tick_purge(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._tick_purge() RETURNS double precision
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _tick_purge(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._tick_purge() IS 'Removes what retention does not keep, a piece at a time.';

-- Name: _tick_retire(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._tick_retire() RETURNS double precision
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _tick_retire(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._tick_retire() IS 'Drops segments whose jobs are all older than the retention.';

-- Name: _tick_segments(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._tick_segments() RETURNS double precision
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _tick_segments(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._tick_segments() IS 'Adds segments ahead of need.';

-- Name: _trust_memory(text, integer); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._trust_memory(kind text, seconds integer DEFAULT 1) RETURNS boolean
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _trust_memory(kind text, seconds integer); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._trust_memory(kind text, seconds integer) IS 'True if this session has looked within the last seconds.';

-- Name: _verdict(bigint, bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._verdict(job_id bigint, receipt bigint) RETURNS text
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _verdict(job_id bigint, receipt bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._verdict(job_id bigint, receipt bigint) IS 'already, stale, unknown or invalid: the answer to a receipt that is not in force.';

-- Name: _verdicts(bigint[], bigint[], integer[], integer[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._verdicts(job_ids bigint[], receipts bigint[], done integer[], cancelled integer[]) RETURNS text[]
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _verdicts(job_ids bigint[], receipts bigint[], done integer[], cancelled integer[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._verdicts(job_ids bigint[], receipts bigint[], done integer[], cancelled integer[]) IS 'The verdicts of a batch.';

-- Name: _verify_low_water(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._verify_low_water() RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _verify_low_water(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._verify_low_water() IS 'Checks every low-water mark against the whole of its lane.';

-- Name: _wait_on(integer, boolean); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._wait_on(bucket integer, waiting boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _wait_on(bucket integer, waiting boolean); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._wait_on(bucket integer, waiting boolean) IS 'Makes this session a sleeper on a bell of answers, or awake again.';

-- Name: _watch_held_leases(timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine._watch_held_leases(now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: FUNCTION _watch_held_leases(now timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine._watch_held_leases(now timestamp with time zone) IS 'Notes held leases whose session is gone.';

-- Name: call(text, jsonb, interval, bigint, text, jsonb); Type: PROCEDURE; Schema: jobmachine; Owner: -

CREATE PROCEDURE jobmachine.call(IN queue text, IN payload jsonb DEFAULT '{}'::jsonb, IN within interval DEFAULT '00:00:30'::interval, INOUT job_id bigint DEFAULT NULL::bigint, INOUT state text DEFAULT NULL::text, INOUT reply jsonb DEFAULT NULL::jsonb)
    LANGUAGE plpgsql
    AS $$...$$;

-- Name: PROCEDURE call(IN queue text, IN payload jsonb, IN within interval, INOUT job_id bigint, INOUT state text, INOUT reply jsonb); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON PROCEDURE jobmachine.call(IN queue text, IN payload jsonb, IN within interval, INOUT job_id bigint, INOUT state text, INOUT reply jsonb) IS 'Sends a job, commits, and waits up to within (default 30 s) for its last answer. Returns job_id, state (completed, failed, cancelled; pending, running or scheduled: the time was up, the answer can be fetched later) and reply.
Cannot run inside a transaction. Errors: JM001, JM002, 2D000 inside a transaction.
Example: call jobmachine.call(''file.digest'', ''{"path": "go.mod"}'', within => ''5 s'')';

-- Name: cancel(bigint, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.cancel(job_id bigint, reason text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION cancel(job_id bigint, reason text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.cancel(job_id bigint, reason text) IS 'Cancels a job. Returns cancelled: it will not start; stopping: it is running and its worker is asked to stop (if it completes all the same, it is completed); finished: too late; unknown.
reason: kept with the job. Errors: none of its own. Example: select jobmachine.cancel(42, ''ordered twice'')';

-- Name: check(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine."check"(job_id bigint) RETURNS double precision
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION "check"(job_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine."check"(job_id bigint) IS 'LISTENs for answers to a job, after its send has committed, in a transaction of its own. Returns the seconds the caller may wait for a notification before it looks again; 0: look now.
The loop: receive; if there is none, check; wait that long; again. Call uncheck at the end. Errors: JM001, also for a job that does not exist.
Example: select jobmachine.check(42)';

-- Name: claim(text, integer, bigint, interval, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.claim(queue text, n integer DEFAULT 1, lease_id bigint DEFAULT NULL::bigint, ttl interval DEFAULT '00:05:00'::interval, worker text DEFAULT NULL::text) RETURNS SETOF jobmachine.claimed_job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$...$$;

-- Name: FUNCTION claim(queue text, n integer, lease_id bigint, ttl interval, worker text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.claim(queue text, n integer, lease_id bigint, ttl interval, worker text) IS 'Takes up to n jobs (1 to 10000, default 1) of a queue, or of a pattern such as gl.* or *, and returns them in start order; no rows: none is pending.
lease_id: the lease they belong to, from open_lease; without one a lease of its own is opened that lasts ttl (default 5 min, not renewed) in the name of worker.
Show each job''s receipt with complete, fail, snooze, release and reply. Errors: JM001, JM004 unknown lease.
Example: select * from jobmachine.claim(''mail.welcome'', ttl => ''1 min'')';

-- Name: claim_many(text[], integer, integer[], bigint, interval, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.claim_many(queues text[], n integer, limits integer[] DEFAULT NULL::integer[], lease_id bigint DEFAULT NULL::bigint, ttl interval DEFAULT '00:05:00'::interval, worker text DEFAULT NULL::text) RETURNS SETOF jobmachine.claimed_job
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION claim_many(queues text[], n integer, limits integer[], lease_id bigint, ttl interval, worker text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.claim_many(queues text[], n integer, limits integer[], lease_id bigint, ttl interval, worker text) IS 'Takes up to n jobs (1 to 10000) in all from several queues and patterns, looked at in the order given, at most limits[i] of queues[i] (null: no limit of its own).
The rest is as for claim. Errors: JM001, JM004.
Example: select * from jobmachine.claim_many(array[''mail.*'', ''gl.accounting''], 20, limits => array[15, 5], lease_id => 7)';

-- Name: close_lease(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.close_lease(lease_id bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$...$$;

-- Name: FUNCTION close_lease(lease_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.close_lease(lease_id bigint) IS 'Ends a lease. Jobs that are still running under it are released. Returns how many; 0 also if there is no such lease. Example: select jobmachine.close_lease(7)';

-- Name: complete(bigint, bigint, jsonb); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.complete(job_id bigint, receipt bigint, reply jsonb DEFAULT NULL::jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION complete(job_id bigint, receipt bigint, reply jsonb); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.complete(job_id bigint, receipt bigint, reply jsonb) IS 'Finishes a claimed job with its last answer (up to 1 MB, null for none). Returns ok; already: this receipt did it before; stale: the job has moved on, nothing changed; unknown: no such job.
In a transaction it commits together with the handler''s own rows. Errors: JM001, JM002 reply too large.
Example: select jobmachine.complete(42, 8412393122, ''{"sent": true}'')';

-- Name: finished; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.finished (
    job_id bigint NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone NOT NULL,
    receipt bigint,
    attempt smallint NOT NULL,
    state text,
    queue text NOT NULL COLLATE pg_catalog."C",
    worker text,
    result jsonb,
    reason text,
    error text,
    CONSTRAINT finished_state CHECK ((state = ANY (ARRAY['failed'::text, 'cancelled'::text])))
)
PARTITION BY RANGE (job_id);

-- Name: TABLE finished; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.finished IS 'Tickets of jobs that are over, with the last answer.';

-- Name: COLUMN finished.receipt; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.finished.receipt IS 'The receipt that finished the job; null if it was taken from its worker.';

-- Name: COLUMN finished.state; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.finished.state IS 'failed or cancelled; null = completed, as most are: ten bytes less to write.';

-- Name: COLUMN finished.result; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.finished.result IS 'The last answer.';

-- Name: COLUMN finished.reason; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.finished.reason IS 'Why it failed or was cancelled: failed, timeout, crashed, expired, or the words of the one who cancelled.';

-- Name: COLUMN finished.error; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.finished.error IS 'The text of the error.';

-- Name: pending; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.pending (
    job_id bigint NOT NULL,
    rank bigint NOT NULL,
    attempt smallint NOT NULL,
    queue text NOT NULL COLLATE pg_catalog."C",
    receipt bigint,
    expires_at timestamp with time zone,
    rings boolean DEFAULT true NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_cost_delay='0', autovacuum_vacuum_insert_scale_factor='0', autovacuum_vacuum_insert_threshold='50000', vacuum_truncate=off);

-- Name: TABLE pending; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.pending IS 'Tickets that may be claimed now.';

-- Name: COLUMN pending.rank; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.pending.rank IS 'Start order within the queue: the priority in the high bits (rank >> 59), below it the position, drawn anew at every entry.';

-- Name: COLUMN pending.attempt; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.pending.attempt IS 'Attempts counted so far.';

-- Name: COLUMN pending.receipt; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.pending.receipt IS 'The receipt of the last run, if its holder put the job back.';

-- Name: COLUMN pending.expires_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.pending.expires_at IS 'Not started by then: expired; null once it has started.';

-- Name: COLUMN pending.rings; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.pending.rings IS 'Somebody may have to be woken for this ticket when it comes in; of many that come together one of each queue is enough.';

-- Name: scheduled; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.scheduled (
    job_id bigint NOT NULL,
    due_at timestamp with time zone NOT NULL,
    priority smallint NOT NULL,
    attempt smallint NOT NULL,
    queue text NOT NULL COLLATE pg_catalog."C",
    receipt bigint,
    expires_at timestamp with time zone
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_cost_delay='0', autovacuum_vacuum_insert_scale_factor='0', autovacuum_vacuum_insert_threshold='50000', vacuum_truncate=off);

-- Name: TABLE scheduled; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.scheduled IS 'Tickets that wait for a time: sent for later, snoozed, or waiting for the next attempt.';

-- Name: COLUMN scheduled.due_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.scheduled.due_at IS 'When the ticket moves to pending.';

-- Name: COLUMN scheduled.attempt; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.scheduled.attempt IS 'Attempts counted so far.';

-- Name: COLUMN scheduled.receipt; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.scheduled.receipt IS 'The receipt of the last run, if its holder put the job back.';

-- Name: COLUMN scheduled.expires_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.scheduled.expires_at IS 'Not started by then: expired; null once it has started.';

-- Name: queues; Type: VIEW; Schema: jobmachine; Owner: -

CREATE VIEW jobmachine.queues AS
 WITH RECURSIVE pending_name AS (
        ( SELECT p_1.queue AS name
           FROM jobmachine.pending p_1
          ORDER BY p_1.queue
         LIMIT 1)
        UNION ALL
         SELECT ( SELECT p_1.queue
                   FROM jobmachine.pending p_1
                  WHERE (p_1.queue > n_1.name)
                  ORDER BY p_1.queue
                 LIMIT 1) AS queue
           FROM pending_name n_1
          WHERE (n_1.name IS NOT NULL)
        ), scheduled_name AS (
        ( SELECT s_1.queue AS name
           FROM jobmachine.scheduled s_1
          ORDER BY s_1.queue
         LIMIT 1)
        UNION ALL
         SELECT ( SELECT s_1.queue
                   FROM jobmachine.scheduled s_1
                  WHERE (s_1.queue > n_1.name)
                  ORDER BY s_1.queue
                 LIMIT 1) AS queue
           FROM scheduled_name n_1
          WHERE (n_1.name IS NOT NULL)
        ), finished_name AS (
        ( SELECT f.queue AS name
           FROM jobmachine.finished f
          WHERE (f.state IS NOT NULL)
          ORDER BY f.queue
         LIMIT 1)
        UNION ALL
         SELECT ( SELECT f.queue
                   FROM jobmachine.finished f
                  WHERE ((f.state IS NOT NULL) AND (f.queue > n_1.name))
                  ORDER BY f.queue
                 LIMIT 1) AS queue
           FROM finished_name n_1
          WHERE (n_1.name IS NOT NULL)
        ), running_name AS (
         SELECT r_1.queue AS name,
            count(*) AS running
           FROM jobmachine.running r_1
          GROUP BY r_1.queue
        ), name AS (
         SELECT q_1.name
           FROM jobmachine.queue q_1
        UNION
         SELECT n_1.name
           FROM pending_name n_1
          WHERE (n_1.name IS NOT NULL)
        UNION
         SELECT n_1.name
           FROM scheduled_name n_1
          WHERE (n_1.name IS NOT NULL)
        UNION
         SELECT n_1.name
           FROM finished_name n_1
          WHERE (n_1.name IS NOT NULL)
        UNION
         SELECT n_1.name
           FROM running_name n_1
        )
 SELECT n.name,
        CASE
            WHEN ((q.paused_at IS NOT NULL) OR (d.paused_at IS NOT NULL)) THEN 'paused'::text
            ELSE 'active'::text
        END AS state,
        CASE
            WHEN (p.count < 10000) THEN p.count
            ELSE GREATEST(p.count, ( SELECT (100 * count(*))
               FROM jobmachine.pending t TABLESAMPLE system (1)
              WHERE (t.queue = n.name)))
        END AS pending,
    COALESCE(r.running, (0)::bigint) AS running,
        CASE
            WHEN (s.count < 10000) THEN s.count
            ELSE GREATEST(s.count, ( SELECT (100 * count(*))
               FROM jobmachine.scheduled t TABLESAMPLE system (1)
              WHERE (t.queue = n.name)))
        END AS scheduled,
    ( SELECT count(*) AS count
           FROM ( SELECT
                   FROM jobmachine.finished f_1
                  WHERE ((f_1.queue = n.name) AND (f_1.state IS NOT NULL) AND (f_1.state = 'failed'::text))
                 LIMIT 10000) f) AS failed,
    ( SELECT min(head.created_at) AS min
           FROM (generate_series((0)::bigint, (9)::bigint) lane(priority)
             CROSS JOIN LATERAL ( SELECT j.created_at
                   FROM (( SELECT t.job_id
                           FROM jobmachine.pending t
                          WHERE ((t.queue = n.name) AND (t.rank >= (lane.priority << 59)) AND (t.rank < ((lane.priority + 1) << 59)))
                          ORDER BY t.rank
                         LIMIT 1) first
                     JOIN jobmachine.job j ON ((j.id = first.job_id)))) head)) AS oldest_pending_at,
    COALESCE((q.max_attempts)::integer, (d.max_attempts)::integer, 25) AS max_attempts,
    COALESCE(q.backoff, d.backoff, '00:00:01'::interval) AS backoff,
    COALESCE(q.backoff_factor, d.backoff_factor, (2)::double precision) AS backoff_factor,
    COALESCE(q.backoff_max, d.backoff_max, '01:00:00'::interval) AS backoff_max,
    COALESCE(q.timeout, d.timeout, '00:30:00'::interval) AS timeout,
    COALESCE(q.retention, d.retention, '30 days'::interval) AS retention
   FROM (((((name n
     LEFT JOIN jobmachine.queue q ON ((q.name = n.name)))
     LEFT JOIN jobmachine.queue d ON ((d.name = '*'::text)))
     LEFT JOIN running_name r ON ((r.name = n.name)))
     CROSS JOIN LATERAL ( SELECT count(*) AS count
           FROM ( SELECT
                   FROM jobmachine.pending t_1
                  WHERE (t_1.queue = n.name)
                 LIMIT 10000) t) p)
     CROSS JOIN LATERAL ( SELECT count(*) AS count
           FROM ( SELECT
                   FROM jobmachine.scheduled t_1
                  WHERE (t_1.queue = n.name)
                 LIMIT 10000) t) s);

-- Name: VIEW queues; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON VIEW jobmachine.queues IS 'Queues that have settings or jobs. Counts are exact up to 10,000, estimated above; failed stops there.';

-- Name: COLUMN queues.state; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.queues.state IS 'active or paused.';

-- Name: COLUMN queues.oldest_pending_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.queues.oldest_pending_at IS 'When the job that waits longest at the head of a priority was sent.';

-- Name: configure(text, integer, interval, double precision, interval, interval, interval); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.configure(queue text, max_attempts integer DEFAULT NULL::integer, backoff interval DEFAULT NULL::interval, backoff_factor double precision DEFAULT NULL::double precision, backoff_max interval DEFAULT NULL::interval, timeout interval DEFAULT NULL::interval, retention interval DEFAULT NULL::interval) RETURNS SETOF jobmachine.queues
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    AS $$...$$;

-- Name: FUNCTION configure(queue text, max_attempts integer, backoff interval, backoff_factor double precision, backoff_max interval, timeout interval, retention interval); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.configure(queue text, max_attempts integer, backoff interval, backoff_factor double precision, backoff_max interval, timeout interval, retention interval) IS 'Changes settings of a queue, or with * the default of every queue, and returns its row of the view queues. Null leaves a setting as it is.
max_attempts: 1 to 10000 (default 25). backoff: the wait after the first failed attempt (1 s), each further one backoff_factor (2) times longer, up to backoff_max (1 h).
timeout of one attempt (30 min, 0 = none). retention: how long finished jobs stay (30 days); 0 = removed when they end, with their answers. Errors: JM001.
Example: select * from jobmachine.configure(''mail.welcome'', max_attempts => 5, backoff => ''10 s'')';

-- Name: fail(bigint, bigint, text, jsonb, interval, boolean); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.fail(job_id bigint, receipt bigint, error text, detail jsonb DEFAULT NULL::jsonb, retry_in interval DEFAULT NULL::interval, permanent boolean DEFAULT false) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION fail(job_id bigint, receipt bigint, error text, detail jsonb, retry_in interval, permanent boolean); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.fail(job_id bigint, receipt bigint, error text, detail jsonb, retry_in interval, permanent boolean) IS 'Ends an attempt as failed. The job is tried again after the backoff of its queue, or after retry_in (0 = at once), until max_attempts are used up; permanent: never again.
error: what happened; 16 kB are kept. detail: more of it. Returns ok, already, stale, cancelled (a cancel was asked for: the job is cancelled) or unknown. Errors: JM001, JM002.
Example: select jobmachine.fail(42, 8412393122, ''SMTP 451'', retry_in => ''10 min'')';

-- Name: hold_lease(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.hold_lease(lease_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$...$$;

-- Name: FUNCTION hold_lease(lease_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.hold_lease(lease_id bigint) IS 'Ties a lease to this session, to be called on the session that LISTENs: if the session dies and does not renew, its jobs run elsewhere within about two seconds instead of after the ttl.
Also LISTENs for cancels: a notification on the channel <schema>.lease<id>* means: call renew. Not for sessions behind a transaction pooler. Errors: JM004.
Example: select jobmachine.hold_lease(7)';

-- Name: failed_attempt; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.failed_attempt (
    job_id bigint NOT NULL,
    attempt smallint NOT NULL,
    receipt bigint NOT NULL,
    started_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL,
    worker text,
    reason text NOT NULL,
    error text NOT NULL,
    detail jsonb
);

-- Name: TABLE failed_attempt; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.failed_attempt IS 'Attempts that failed or were lost; the last 20 of a job.';

-- Name: COLUMN failed_attempt.reason; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.failed_attempt.reason IS 'failed, timeout or crashed.';

-- Name: COLUMN failed_attempt.detail; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.failed_attempt.detail IS 'What the worker added: a stack, a status code.';

-- Name: _pending_job; Type: VIEW; Schema: jobmachine; Owner: -

CREATE VIEW jobmachine._pending_job AS
 SELECT p.queue AS ticket_queue,
    p.rank,
    j.id,
    j.queue,
    'pending'::text AS state,
    j.payload,
    (j.priority)::integer AS priority,
    (p.attempt)::integer AS attempt,
    COALESCE((j.max_attempts)::integer, (q.max_attempts)::integer, (d.max_attempts)::integer, 25) AS max_attempts,
    NULL::timestamp with time zone AS run_at,
    j.created_at,
    NULL::timestamp with time zone AS started_at,
    NULL::timestamp with time zone AS finished_at,
    NULL::text AS worker,
    NULL::jsonb AS reply,
    ( SELECT f.error
           FROM jobmachine.failed_attempt f
          WHERE (f.job_id = j.id)
          ORDER BY f.attempt DESC
         LIMIT 1) AS error,
    ( SELECT f.reason
           FROM jobmachine.failed_attempt f
          WHERE (f.job_id = j.id)
          ORDER BY f.attempt DESC
         LIMIT 1) AS reason,
    COALESCE(j.headers, '{}'::jsonb) AS headers,
    j.unique_key
   FROM (((jobmachine.pending p
     JOIN jobmachine.job j ON ((j.id = p.job_id)))
     LEFT JOIN jobmachine.queue q ON ((q.name = j.queue)))
     LEFT JOIN jobmachine.queue d ON ((d.name = '*'::text)));

-- Name: VIEW _pending_job; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON VIEW jobmachine._pending_job IS 'Pending jobs with their tickets.';

-- Name: lease_id; Type: SEQUENCE; Schema: jobmachine; Owner: -

CREATE SEQUENCE jobmachine.lease_id
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

-- Name: SEQUENCE lease_id; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON SEQUENCE jobmachine.lease_id IS 'Numbers the leases.';

-- Name: lease; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.lease (
    id bigint DEFAULT nextval('jobmachine.lease_id'::regclass) NOT NULL,
    worker text,
    queues text[] DEFAULT '{}'::text[] NOT NULL,
    ttl interval NOT NULL,
    started_at timestamp with time zone NOT NULL,
    renewed_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    held_at timestamp with time zone,
    unseen_since timestamp with time zone,
    of_claim boolean DEFAULT false NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='1000', autovacuum_vacuum_cost_delay='0', vacuum_truncate=off);

-- Name: TABLE lease; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.lease IS 'A worker''s right to its running jobs. Without its lease a running job goes back.';

-- Name: COLUMN lease.worker; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.lease.worker IS 'The name the worker gave itself.';

-- Name: COLUMN lease.held_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.lease.held_at IS 'Since then a session lock shows that the worker lives; null = the ttl alone decides.';

-- Name: COLUMN lease.unseen_since; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.lease.unseen_since IS 'Since then the session lock is missing.';

-- Name: COLUMN lease.of_claim; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.lease.of_claim IS 'Opened by a claim without a lease; it ends with its last job.';

-- Name: jobs; Type: VIEW; Schema: jobmachine; Owner: -

CREATE VIEW jobmachine.jobs AS
 SELECT j.id,
    j.queue,
    'running'::text AS state,
    j.payload,
    (j.priority)::integer AS priority,
    (r.attempt)::integer AS attempt,
    COALESCE((j.max_attempts)::integer, (q.max_attempts)::integer, (d.max_attempts)::integer, 25) AS max_attempts,
    NULL::timestamp with time zone AS run_at,
    j.created_at,
    r.started_at,
    NULL::timestamp with time zone AS finished_at,
    l.worker,
    NULL::jsonb AS reply,
    NULL::text AS error,
        CASE
            WHEN (r.cancel_requested_at IS NOT NULL) THEN 'stopping'::text
            ELSE NULL::text
        END AS reason,
    COALESCE(j.headers, '{}'::jsonb) AS headers,
    j.unique_key
   FROM ((((jobmachine.running r
     JOIN jobmachine.job j ON ((j.id = r.job_id)))
     LEFT JOIN jobmachine.lease l ON ((l.id = r.lease_id)))
     LEFT JOIN jobmachine.queue q ON ((q.name = j.queue)))
     LEFT JOIN jobmachine.queue d ON ((d.name = '*'::text)))
UNION ALL
 SELECT v.id,
    v.queue,
    v.state,
    v.payload,
    v.priority,
    v.attempt,
    v.max_attempts,
    v.run_at,
    v.created_at,
    v.started_at,
    v.finished_at,
    v.worker,
    v.reply,
    v.error,
    v.reason,
    v.headers,
    v.unique_key
   FROM jobmachine._pending_job v
  WHERE ((v.ticket_queue = v.queue) AND (v.rank = (((v.priority)::bigint << 59) | v.id)))
UNION ALL
 SELECT v.id,
    v.queue,
    v.state,
    v.payload,
    v.priority,
    v.attempt,
    v.max_attempts,
    v.run_at,
    v.created_at,
    v.started_at,
    v.finished_at,
    v.worker,
    v.reply,
    v.error,
    v.reason,
    v.headers,
    v.unique_key
   FROM jobmachine._pending_job v
  WHERE ((v.rank & '576460752303423487'::bigint) <> v.id)
UNION ALL
 SELECT j.id,
    j.queue,
    'scheduled'::text AS state,
    j.payload,
    (j.priority)::integer AS priority,
    (s.attempt)::integer AS attempt,
    COALESCE((j.max_attempts)::integer, (q.max_attempts)::integer, (d.max_attempts)::integer, 25) AS max_attempts,
    s.due_at AS run_at,
    j.created_at,
    NULL::timestamp with time zone AS started_at,
    NULL::timestamp with time zone AS finished_at,
    NULL::text AS worker,
    NULL::jsonb AS reply,
    ( SELECT f.error
           FROM jobmachine.failed_attempt f
          WHERE (f.job_id = j.id)
          ORDER BY f.attempt DESC
         LIMIT 1) AS error,
    ( SELECT f.reason
           FROM jobmachine.failed_attempt f
          WHERE (f.job_id = j.id)
          ORDER BY f.attempt DESC
         LIMIT 1) AS reason,
    COALESCE(j.headers, '{}'::jsonb) AS headers,
    j.unique_key
   FROM (((jobmachine.scheduled s
     JOIN jobmachine.job j ON ((j.id = s.job_id)))
     LEFT JOIN jobmachine.queue q ON ((q.name = j.queue)))
     LEFT JOIN jobmachine.queue d ON ((d.name = '*'::text)))
UNION ALL
 SELECT j.id,
    j.queue,
    COALESCE(f.state, 'completed'::text) AS state,
    j.payload,
    (j.priority)::integer AS priority,
    (f.attempt)::integer AS attempt,
    COALESCE((j.max_attempts)::integer, (q.max_attempts)::integer, (d.max_attempts)::integer, 25) AS max_attempts,
    NULL::timestamp with time zone AS run_at,
    j.created_at,
    f.started_at,
    f.finished_at,
    f.worker,
    f.result AS reply,
    f.error,
    f.reason,
    COALESCE(j.headers, '{}'::jsonb) AS headers,
    j.unique_key
   FROM (((jobmachine.finished f
     JOIN jobmachine.job j ON ((j.id = f.job_id)))
     LEFT JOIN jobmachine.queue q ON ((q.name = j.queue)))
     LEFT JOIN jobmachine.queue d ON ((d.name = '*'::text)));

-- Name: VIEW jobs; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON VIEW jobmachine.jobs IS 'Every job and where it is. Insert (queue, payload, ...) here is the same as send.';

-- Name: COLUMN jobs.state; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.jobs.state IS 'running, pending, scheduled, completed, failed or cancelled.';

-- Name: COLUMN jobs.attempt; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.jobs.attempt IS 'Attempts counted so far; of a running job the number of this one.';

-- Name: COLUMN jobs.run_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.jobs.run_at IS 'When a scheduled job is due.';

-- Name: COLUMN jobs.reply; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.jobs.reply IS 'The last answer of a job that is over.';

-- Name: COLUMN jobs.error; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.jobs.error IS 'The error of a failed job, or of the last failed attempt.';

-- Name: COLUMN jobs.reason; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.jobs.reason IS 'failed, timeout, crashed, expired, or why it was cancelled; stopping: running, but asked to stop.';

-- Name: list(text, text, integer, bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.list(queue text DEFAULT NULL::text, state text DEFAULT NULL::text, n integer DEFAULT 50, before bigint DEFAULT NULL::bigint) RETURNS SETOF jobmachine.jobs
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $$...$$;

-- Name: FUNCTION list(queue text, state text, n integer, before bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.list(queue text, state text, n integer, before bigint) IS 'Returns rows of the view jobs, newest first: the last n jobs sent (1 or more, default 50), of a queue and in a state if these are given, with numbers below before if that is.
Quick however many jobs are kept, but it goes back as far as it must for a queue that is rare, and reads all tickets of a state other than completed. Errors: JM001 no such state, n below 1.
Example: select id, state, error from jobmachine.list(state => ''failed'', n => 20)';

-- Name: open_lease(text, interval, text[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.open_lease(worker text, ttl interval DEFAULT '00:00:30'::interval, queues text[] DEFAULT '{}'::text[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$...$$;

-- Name: FUNCTION open_lease(worker text, ttl interval, queues text[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.open_lease(worker text, ttl interval, queues text[]) IS 'Opens a lease for a worker process: its jobs go back when it expires. worker: a name for operators, such as host:pid. ttl: how long it lasts without renew (default 30 s).
queues: what it works on, up to 1000 names and patterns, for the view workers. Returns the id of the lease. Errors: JM001.
Example: select jobmachine.open_lease(''web1:4711'', ''1 min'', array[''mail.*''])';

-- Name: park(text[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.park(queues text[]) RETURNS double precision
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION park(queues text[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.park(queues text[]) IS 'Makes this session a sleeper that senders wake by NOTIFY; to be called after an empty claim, in a transaction of its own, on the session that LISTENs.
queues: names and patterns, as for claim. Returns the seconds the caller may wait for a notification before it claims again; 0: claim now
(also after the first call, which LISTENs). Does the housekeeping of tick. Errors: JM001.
Example: select jobmachine.park(array[''mail.welcome'', ''gl.*''])';

-- Name: pause(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.pause(queue text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$...$$;

-- Name: FUNCTION pause(queue text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.pause(queue text) IS 'Stops claims from a queue, * from all of them; sending goes on and running jobs finish. A second pause changes nothing. Errors: JM001. Example: select jobmachine.pause(''mail.welcome'')';

-- Name: reply; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.reply (
    job_id bigint NOT NULL,
    seq integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    payload jsonb NOT NULL
);

-- Name: TABLE reply; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.reply IS 'Interim answers: progress, or a stream.';

-- Name: COLUMN reply.seq; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.reply.seq IS 'Counts from 1 within the job.';

-- Name: answers; Type: VIEW; Schema: jobmachine; Owner: -

CREATE VIEW jobmachine.answers AS
 SELECT r.job_id,
    r.seq,
    'running'::text AS state,
    r.payload,
    NULL::text AS error,
    r.created_at
   FROM jobmachine.reply r
UNION ALL
 SELECT f.job_id,
    (COALESCE(( SELECT max(r.seq) AS max
           FROM jobmachine.reply r
          WHERE (r.job_id = f.job_id)), 0) + 1) AS seq,
    COALESCE(f.state, 'completed'::text) AS state,
    f.result AS payload,
    COALESCE(f.error, f.reason) AS error,
    f.finished_at AS created_at
   FROM jobmachine.finished f;

-- Name: VIEW answers; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON VIEW jobmachine.answers IS 'Answers to jobs: interim ones, and the last one of every job that is over.';

-- Name: COLUMN answers.state; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.answers.state IS 'running: an interim answer; completed, failed, cancelled: the last one.';

-- Name: receive(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.receive(job_id bigint) RETURNS SETOF jobmachine.answers
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION receive(job_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.receive(job_id bigint) IS 'Returns the latest answer to a job; no row: none yet. state running: an interim one; completed, failed or cancelled: the last one.
Example: select state, payload, error from jobmachine.receive(42)';

-- Name: release(bigint, bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.release(job_id bigint, receipt bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION release(job_id bigint, receipt bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.release(job_id bigint, receipt bigint) IS 'Puts a claimed job back for now; the attempt is given back. Returns ok, already, stale, cancelled or unknown. Errors: JM001.
Example: select jobmachine.release(42, 8412393122)';

-- Name: remove(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.remove(job_id bigint) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION remove(job_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.remove(job_id bigint) IS 'Deletes a job with its answers, failed attempts and key. Returns ok; running: cancel it first; unknown. Example: select jobmachine.remove(42)';

-- Name: stop_request; Type: VIEW; Schema: jobmachine; Owner: -

CREATE VIEW jobmachine.stop_request AS
 SELECT r.job_id,
    'cancelled'::text AS reason
   FROM jobmachine.running r
  WHERE (r.cancel_requested_at IS NOT NULL);

-- Name: VIEW stop_request; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON VIEW jobmachine.stop_request IS 'Running jobs that are asked to stop; the row that renew answers.';

-- Name: COLUMN stop_request.reason; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.stop_request.reason IS 'cancelled, timeout or stale.';

-- Name: renew(bigint, bigint[], bigint[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.renew(lease_id bigint, job_ids bigint[] DEFAULT '{}'::bigint[], receipts bigint[] DEFAULT '{}'::bigint[]) RETURNS SETOF jobmachine.stop_request
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION renew(lease_id bigint, job_ids bigint[], receipts bigint[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.renew(lease_id bigint, job_ids bigint[], receipts bigint[]) IS 'Keeps a lease alive for another ttl. job_ids, receipts: the jobs that are running under it. Returns those that should stop, as (job_id, reason):
cancelled (somebody asked), timeout (its time is up), stale (it is not this worker''s any more). Errors: JM001, JM004 the lease is gone: stop them all.
Example: select * from jobmachine.renew(7, array[42], array[8412393122])';

-- Name: replies(bigint, integer); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.replies(job_id bigint, after_seq integer DEFAULT 0) RETURNS SETOF jobmachine.answers
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION replies(job_id bigint, after_seq integer); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.replies(job_id bigint, after_seq integer) IS 'Returns the answers to a job in order, those after after_seq (default 0: all). Example: select seq, payload from jobmachine.replies(42, after_seq => 3)';

-- Name: reply(bigint, bigint, jsonb); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.reply(job_id bigint, receipt bigint, payload jsonb) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION reply(job_id bigint, receipt bigint, payload jsonb); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.reply(job_id bigint, receipt bigint, payload jsonb) IS 'Gives an interim answer (up to 1 MB, at most 1,000 per job) without finishing the job. Returns ok, already, stale or unknown. Errors: JM001, JM002.
Example: select jobmachine.reply(42, 8412393122, ''{"percent": 40}'')';

-- Name: resume(text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.resume(queue text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION resume(queue text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.resume(queue text) IS 'Ends the pause of a queue; * ends the pause of all, not of those paused by name. Without a pause it does nothing. Errors: JM001. Example: select jobmachine.resume(''mail.welcome'')';

-- Name: retry(bigint, timestamp with time zone); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.retry(job_id bigint, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION retry(job_id bigint, run_at timestamp with time zone); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.retry(job_id bigint, run_at timestamp with time zone) IS 'Makes a job that is over pending again, now or at run_at; attempts go on counting, and one more is granted if they are used up. A scheduled job is moved to that time.
Returns ok; live: it is pending or running already; unknown. Errors: JM001, JM003 if another job has its unique key (detail: its id).
Example: select jobmachine.retry(42)';

-- Name: send(text, jsonb, integer, timestamp with time zone, interval, integer, interval, interval, text, interval, jsonb, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.send(queue text, payload jsonb DEFAULT '{}'::jsonb, priority integer DEFAULT 5, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, delay interval DEFAULT NULL::interval, max_attempts integer DEFAULT NULL::integer, timeout interval DEFAULT NULL::interval, expires_in interval DEFAULT NULL::interval, unique_key text DEFAULT NULL::text, unique_for interval DEFAULT NULL::interval, headers jsonb DEFAULT '{}'::jsonb, reply_to text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$...$$;

-- Name: FUNCTION send(queue text, payload jsonb, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_key text, unique_for interval, headers jsonb, reply_to text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.send(queue text, payload jsonb, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_key text, unique_for interval, headers jsonb, reply_to text) IS 'Puts a job into a queue, in the caller''s transaction, and returns its ticket number.
queue: 1 to 255 characters, not ending in *. payload: up to 1 MB. priority: 0 first, 9 last. run_at or delay: not before; a past time means now.
max_attempts: 1 to 10000 (default 25). timeout of one attempt (default 30 min, 0 = none). expires_in: not started by then: failed, reason expired.
unique_key: one unfinished job per queue and key; with unique_for the key holds that long from now, finished or not; a duplicate returns the id of the first.
headers: a flat object, up to 8 kB. reply_to: this queue gets a job {"job_id", "state", "reply", "error"} when the job is over.
Null means the default. Errors: JM001 invalid argument, JM002 too large.
Example: select jobmachine.send(''mail.welcome'', ''{"to": "a@b.c"}'', delay => ''1 min'')';

-- Name: send_many(text, jsonb[], integer, timestamp with time zone, interval, integer, interval, interval, text[], interval, jsonb, text); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.send_many(queue text, payloads jsonb[], priority integer DEFAULT 5, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, delay interval DEFAULT NULL::interval, max_attempts integer DEFAULT NULL::integer, timeout interval DEFAULT NULL::interval, expires_in interval DEFAULT NULL::interval, unique_keys text[] DEFAULT NULL::text[], unique_for interval DEFAULT NULL::interval, headers jsonb DEFAULT '{}'::jsonb, reply_to text DEFAULT NULL::text) RETURNS bigint[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION send_many(queue text, payloads jsonb[], priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_keys text[], unique_for interval, headers jsonb, reply_to text); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.send_many(queue text, payloads jsonb[], priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_keys text[], unique_for interval, headers jsonb, reply_to text) IS 'Puts many jobs into a queue, in the caller''s transaction, and returns their ticket numbers in the order of the payloads.
The options are those of send and count for every job; unique_keys has one key (or null) per payload.
Errors: JM001 invalid argument, JM002 too large; then nothing is stored.
Example: select jobmachine.send_many(''file.digest'', array[''{"path": "a"}'', ''{"path": "b"}'']::jsonb[])';

-- Name: settle(bigint[], bigint[], text[], text[], text[], interval[]); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[] DEFAULT NULL::text[], errors text[] DEFAULT NULL::text[], delays interval[] DEFAULT NULL::interval[]) RETURNS text[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[], errors text[], delays interval[]); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[], errors text[], delays interval[]) IS 'Ends many claimed jobs in one call (at most 10000) and returns a verdict for each, in order: ok, already, stale, cancelled, unknown, or invalid: this one could not be stored and its attempt failed with the reason.
outcomes: complete (with replies[i], JSON text), fail (errors[i]; delays[i] or the backoff), discard (fail for good), snooze (delays[i]), release, cancel (errors[i] is the reason).
An empty reply or error is none. Errors: JM001 if the arrays do not fit together.
Example: select jobmachine.settle(array[42, 43], array[8412393122, 99120], array[''complete'', ''fail''], array[''{"ok": true}'', null], array[null, ''no such host''])';

-- Name: snooze(bigint, bigint, interval); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.snooze(job_id bigint, receipt bigint, delay interval) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION snooze(job_id bigint, receipt bigint, delay interval); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.snooze(job_id bigint, receipt bigint, delay interval) IS 'Puts a claimed job back for later; the attempt is not counted. Returns ok, already, stale, cancelled or unknown. Errors: JM001.
Example: select jobmachine.snooze(42, 8412393122, ''15 min'')';

-- Name: status(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.status(job_id bigint) RETURNS SETOF jobmachine.jobs
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION status(job_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.status(job_id bigint) IS 'Returns the row of the view jobs for one job; no row: unknown, or removed after its retention. Example: select state, attempt from jobmachine.status(42)';

-- Name: tick(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.tick() RETURNS double precision
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET jit TO 'off'
    SET lock_timeout TO '1 s'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'on'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$...$$;

-- Name: FUNCTION tick(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.tick() IS 'Does the housekeeping that is due: moves due jobs to pending, ends attempts past their timeout, expires jobs and leases, and keeps the tables in order.
Any worker, pg_cron or psql may call it; calls at the same moment do no harm. Returns the seconds until it wants to be called again, at most 5.
Example: select jobmachine.tick()';

-- Name: uncheck(bigint); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.uncheck(job_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$...$$;

-- Name: FUNCTION uncheck(job_id bigint); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.uncheck(job_id bigint) IS 'Ends what check began, for this job and every other of this session with the same job_id % 64. Example: select jobmachine.uncheck(42)';

-- Name: unpark(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.unpark() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$...$$;

-- Name: FUNCTION unpark(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.unpark() IS 'Tells that this session is awake: senders need not notify it. Its LISTENs stay. Example: select jobmachine.unpark()';

-- Name: version(); Type: FUNCTION; Schema: jobmachine; Owner: -

CREATE FUNCTION jobmachine.version() RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$...$$;

-- Name: FUNCTION version(); Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON FUNCTION jobmachine.version() IS 'The version of the installed schema. Example: select jobmachine.version()';

-- Name: attempts; Type: VIEW; Schema: jobmachine; Owner: -

CREATE VIEW jobmachine.attempts AS
 SELECT f.job_id,
    (f.attempt)::integer AS attempt,
    f.started_at,
    f.ended_at,
    f.worker,
    f.reason,
    f.error,
    f.detail
   FROM jobmachine.failed_attempt f;

-- Name: VIEW attempts; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON VIEW jobmachine.attempts IS 'Attempts that failed or were lost; the last 20 of a job.';

-- Name: batch_end; Type: SEQUENCE; Schema: jobmachine; Owner: -

CREATE SEQUENCE jobmachine.batch_end
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

-- Name: SEQUENCE batch_end; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON SEQUENCE jobmachine.batch_end IS 'The rank of the last ticket of a full batch.';

-- Name: batch_moment; Type: SEQUENCE; Schema: jobmachine; Owner: -

CREATE SEQUENCE jobmachine.batch_moment
    START WITH -9223372036854775808
    INCREMENT BY 1
    MINVALUE -9223372036854775808
    NO MAXVALUE
    CACHE 1;

-- Name: SEQUENCE batch_moment; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON SEQUENCE jobmachine.batch_moment IS 'A hash of the queue and the second for which batch_end holds.';

-- Name: finished_1; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.finished_1 (
    job_id bigint NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone NOT NULL,
    receipt bigint,
    attempt smallint NOT NULL,
    state text,
    queue text NOT NULL COLLATE pg_catalog."C",
    worker text,
    result jsonb,
    reason text,
    error text,
    CONSTRAINT finished_state CHECK ((state = ANY (ARRAY['failed'::text, 'cancelled'::text])))
);

-- Name: finished_2; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.finished_2 (
    job_id bigint NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone NOT NULL,
    receipt bigint,
    attempt smallint NOT NULL,
    state text,
    queue text NOT NULL COLLATE pg_catalog."C",
    worker text,
    result jsonb,
    reason text,
    error text,
    CONSTRAINT finished_state CHECK ((state = ANY (ARRAY['failed'::text, 'cancelled'::text])))
);

-- Name: finished_3; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.finished_3 (
    job_id bigint NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone NOT NULL,
    receipt bigint,
    attempt smallint NOT NULL,
    state text,
    queue text NOT NULL COLLATE pg_catalog."C",
    worker text,
    result jsonb,
    reason text,
    error text,
    CONSTRAINT finished_state CHECK ((state = ANY (ARRAY['failed'::text, 'cancelled'::text])))
);

-- Name: job_1; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.job_1 (
    id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    timeout interval,
    priority smallint NOT NULL,
    max_attempts smallint,
    queue text NOT NULL COLLATE pg_catalog."C",
    payload jsonb NOT NULL,
    unique_key text COLLATE pg_catalog."C",
    reply_to text COLLATE pg_catalog."C",
    headers jsonb
);

-- Name: job_2; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.job_2 (
    id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    timeout interval,
    priority smallint NOT NULL,
    max_attempts smallint,
    queue text NOT NULL COLLATE pg_catalog."C",
    payload jsonb NOT NULL,
    unique_key text COLLATE pg_catalog."C",
    reply_to text COLLATE pg_catalog."C",
    headers jsonb
);

-- Name: job_3; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.job_3 (
    id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    timeout interval,
    priority smallint NOT NULL,
    max_attempts smallint,
    queue text NOT NULL COLLATE pg_catalog."C",
    payload jsonb NOT NULL,
    unique_key text COLLATE pg_catalog."C",
    reply_to text COLLATE pg_catalog."C",
    headers jsonb
);

-- Name: low_water; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.low_water (
    queue text NOT NULL COLLATE pg_catalog."C",
    priority smallint NOT NULL,
    "position" bigint DEFAULT 0 NOT NULL,
    candidate bigint,
    used bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='50');

-- Name: TABLE low_water; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.low_water IS 'Where claims of a queue and priority may start to look. A missing row means at the beginning.';

-- Name: COLUMN low_water."position"; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.low_water."position" IS 'No ticket can appear below this any more.';

-- Name: COLUMN low_water.candidate; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.low_water.candidate IS 'The next position, once every sender that was under way has ended.';

-- Name: COLUMN low_water.used; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.low_water.used IS 'The last position drawn when the lane was seen in use.';

-- Name: meta; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.meta (
    singleton boolean DEFAULT true NOT NULL,
    segment_size bigint DEFAULT 50000000 NOT NULL,
    ticked_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    swept_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    deadlines_swept_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    orphans_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    low_water_checked_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    low_water_verified_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    low_water_position bigint DEFAULT 0 NOT NULL,
    low_water_waiting_for text[],
    low_water_server_start timestamp with time zone,
    segments_checked_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    retired_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    purged_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    purge_cursor bigint DEFAULT 0 NOT NULL,
    CONSTRAINT meta_singleton CHECK (singleton)
)
WITH (fillfactor='25');

-- Name: TABLE meta; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.meta IS 'The housekeeper''s memory: one row.';

-- Name: COLUMN meta.segment_size; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.meta.segment_size IS 'Job ids per partition of job and finished.';

-- Name: COLUMN meta.ticked_at; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.meta.ticked_at IS 'When tick last looked at everything; claims call it again a second later.';

-- Name: COLUMN meta.orphans_until; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.meta.orphans_until IS 'Until then running jobs without a lease are looked for every second.';

-- Name: COLUMN meta.low_water_waiting_for; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.meta.low_water_waiting_for IS 'Virtual transactions that held the lock on pending when the candidates were noted.';

-- Name: COLUMN meta.purge_cursor; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.meta.purge_cursor IS 'The next job id to look at for removal.';

-- Name: position; Type: SEQUENCE; Schema: jobmachine; Owner: -

CREATE SEQUENCE jobmachine."position"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

-- Name: SEQUENCE "position"; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON SEQUENCE jobmachine."position" IS 'Job ids and positions in the queue: the order in which jobs start.';

-- Name: schema_version; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.schema_version (
    version integer NOT NULL,
    code text
);

-- Name: TABLE schema_version; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.schema_version IS 'What is installed: one row.';

-- Name: COLUMN schema_version.version; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.schema_version.version IS 'The number of the last migration.';

-- Name: COLUMN schema_version.code; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.schema_version.code IS 'Fingerprints of the functions: of their source, and as they were in the catalog.';

-- Name: unique_key; Type: TABLE; Schema: jobmachine; Owner: -

CREATE TABLE jobmachine.unique_key (
    queue text NOT NULL COLLATE pg_catalog."C",
    key text NOT NULL COLLATE pg_catalog."C",
    job_id bigint NOT NULL,
    until timestamp with time zone
);

-- Name: TABLE unique_key; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON TABLE jobmachine.unique_key IS 'Keys in force.';

-- Name: COLUMN unique_key.until; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON COLUMN jobmachine.unique_key.until IS 'The key is free again then; null = when the job is over.';

-- Name: workers; Type: VIEW; Schema: jobmachine; Owner: -

CREATE VIEW jobmachine.workers AS
 SELECT l.id AS lease_id,
    l.worker,
    l.queues,
    ( SELECT count(*) AS count
           FROM jobmachine.running r
          WHERE (r.lease_id = l.id)) AS running,
    l.started_at,
    l.renewed_at,
    l.expires_at,
    l.held_at
   FROM jobmachine.lease l;

-- Name: VIEW workers; Type: COMMENT; Schema: jobmachine; Owner: -

COMMENT ON VIEW jobmachine.workers IS 'Leases: who works, and on how many jobs.';

-- Name: finished_1; Type: TABLE ATTACH; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.finished ATTACH PARTITION jobmachine.finished_1 FOR VALUES FROM (MINVALUE) TO ('50000001');

-- Name: finished_2; Type: TABLE ATTACH; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.finished ATTACH PARTITION jobmachine.finished_2 FOR VALUES FROM ('50000001') TO ('100000001');

-- Name: finished_3; Type: TABLE ATTACH; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.finished ATTACH PARTITION jobmachine.finished_3 FOR VALUES FROM ('100000001') TO ('150000001');

-- Name: job_1; Type: TABLE ATTACH; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.job ATTACH PARTITION jobmachine.job_1 FOR VALUES FROM (MINVALUE) TO ('50000001');

-- Name: job_2; Type: TABLE ATTACH; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.job ATTACH PARTITION jobmachine.job_2 FOR VALUES FROM ('50000001') TO ('100000001');

-- Name: job_3; Type: TABLE ATTACH; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.job ATTACH PARTITION jobmachine.job_3 FOR VALUES FROM ('100000001') TO ('150000001');

-- Name: failed_attempt failed_attempt_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.failed_attempt
    ADD CONSTRAINT failed_attempt_pkey PRIMARY KEY (job_id, attempt);

-- Name: finished finished_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.finished
    ADD CONSTRAINT finished_pkey PRIMARY KEY (job_id);

-- Name: finished_1 finished_1_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.finished_1
    ADD CONSTRAINT finished_1_pkey PRIMARY KEY (job_id);

-- Name: finished_2 finished_2_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.finished_2
    ADD CONSTRAINT finished_2_pkey PRIMARY KEY (job_id);

-- Name: finished_3 finished_3_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.finished_3
    ADD CONSTRAINT finished_3_pkey PRIMARY KEY (job_id);

-- Name: job job_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (id);

-- Name: job_1 job_1_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.job_1
    ADD CONSTRAINT job_1_pkey PRIMARY KEY (id);

-- Name: job_2 job_2_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.job_2
    ADD CONSTRAINT job_2_pkey PRIMARY KEY (id);

-- Name: job_3 job_3_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.job_3
    ADD CONSTRAINT job_3_pkey PRIMARY KEY (id);

-- Name: lease lease_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.lease
    ADD CONSTRAINT lease_pkey PRIMARY KEY (id);

-- Name: low_water low_water_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.low_water
    ADD CONSTRAINT low_water_pkey PRIMARY KEY (queue, priority);

-- Name: meta meta_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (singleton);

-- Name: pending pending_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.pending
    ADD CONSTRAINT pending_pkey PRIMARY KEY (queue, rank);

-- Name: queue queue_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.queue
    ADD CONSTRAINT queue_pkey PRIMARY KEY (name);

-- Name: reply reply_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.reply
    ADD CONSTRAINT reply_pkey PRIMARY KEY (job_id, seq);

-- Name: running running_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.running
    ADD CONSTRAINT running_pkey PRIMARY KEY (job_id);

-- Name: scheduled scheduled_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.scheduled
    ADD CONSTRAINT scheduled_pkey PRIMARY KEY (job_id);

-- Name: unique_key unique_key_pkey; Type: CONSTRAINT; Schema: jobmachine; Owner: -

ALTER TABLE ONLY jobmachine.unique_key
    ADD CONSTRAINT unique_key_pkey PRIMARY KEY (queue, key);

-- Name: finished_unsuccessful; Type: INDEX; Schema: jobmachine; Owner: -

CREATE INDEX finished_unsuccessful ON ONLY jobmachine.finished USING btree (queue, finished_at) WHERE (state IS NOT NULL);

-- Name: finished_1_queue_finished_at_idx; Type: INDEX; Schema: jobmachine; Owner: -

CREATE INDEX finished_1_queue_finished_at_idx ON jobmachine.finished_1 USING btree (queue, finished_at) WHERE (state IS NOT NULL);

-- Name: finished_2_queue_finished_at_idx; Type: INDEX; Schema: jobmachine; Owner: -

CREATE INDEX finished_2_queue_finished_at_idx ON jobmachine.finished_2 USING btree (queue, finished_at) WHERE (state IS NOT NULL);

-- Name: finished_3_queue_finished_at_idx; Type: INDEX; Schema: jobmachine; Owner: -

CREATE INDEX finished_3_queue_finished_at_idx ON jobmachine.finished_3 USING btree (queue, finished_at) WHERE (state IS NOT NULL);

-- Name: pending_again; Type: INDEX; Schema: jobmachine; Owner: -

CREATE UNIQUE INDEX pending_again ON jobmachine.pending USING btree (job_id) WHERE ((rank & '576460752303423487'::bigint) <> job_id);

-- Name: pending_expires_at; Type: INDEX; Schema: jobmachine; Owner: -

CREATE INDEX pending_expires_at ON jobmachine.pending USING btree (expires_at) WHERE (expires_at IS NOT NULL);

-- Name: running_deadline_at; Type: INDEX; Schema: jobmachine; Owner: -

CREATE INDEX running_deadline_at ON jobmachine.running USING btree (deadline_at) WHERE ((deadline_at - started_at) < '00:15:00'::interval);

-- Name: scheduled_due_at; Type: INDEX; Schema: jobmachine; Owner: -

CREATE INDEX scheduled_due_at ON jobmachine.scheduled USING btree (due_at);

-- Name: scheduled_expires_at; Type: INDEX; Schema: jobmachine; Owner: -

CREATE INDEX scheduled_expires_at ON jobmachine.scheduled USING btree (expires_at) WHERE (expires_at IS NOT NULL);

-- Name: scheduled_queue; Type: INDEX; Schema: jobmachine; Owner: -

CREATE INDEX scheduled_queue ON jobmachine.scheduled USING btree (queue, due_at);

-- Name: unique_key_until; Type: INDEX; Schema: jobmachine; Owner: -

CREATE INDEX unique_key_until ON jobmachine.unique_key USING btree (until) WHERE (until IS NOT NULL);

-- Name: finished_1_pkey; Type: INDEX ATTACH; Schema: jobmachine; Owner: -

ALTER INDEX jobmachine.finished_pkey ATTACH PARTITION jobmachine.finished_1_pkey;

-- Name: finished_1_queue_finished_at_idx; Type: INDEX ATTACH; Schema: jobmachine; Owner: -

ALTER INDEX jobmachine.finished_unsuccessful ATTACH PARTITION jobmachine.finished_1_queue_finished_at_idx;

-- Name: finished_2_pkey; Type: INDEX ATTACH; Schema: jobmachine; Owner: -

ALTER INDEX jobmachine.finished_pkey ATTACH PARTITION jobmachine.finished_2_pkey;

-- Name: finished_2_queue_finished_at_idx; Type: INDEX ATTACH; Schema: jobmachine; Owner: -

ALTER INDEX jobmachine.finished_unsuccessful ATTACH PARTITION jobmachine.finished_2_queue_finished_at_idx;

-- Name: finished_3_pkey; Type: INDEX ATTACH; Schema: jobmachine; Owner: -

ALTER INDEX jobmachine.finished_pkey ATTACH PARTITION jobmachine.finished_3_pkey;

-- Name: finished_3_queue_finished_at_idx; Type: INDEX ATTACH; Schema: jobmachine; Owner: -

ALTER INDEX jobmachine.finished_unsuccessful ATTACH PARTITION jobmachine.finished_3_queue_finished_at_idx;

-- Name: job_1_pkey; Type: INDEX ATTACH; Schema: jobmachine; Owner: -

ALTER INDEX jobmachine.job_pkey ATTACH PARTITION jobmachine.job_1_pkey;

-- Name: job_2_pkey; Type: INDEX ATTACH; Schema: jobmachine; Owner: -

ALTER INDEX jobmachine.job_pkey ATTACH PARTITION jobmachine.job_2_pkey;

-- Name: job_3_pkey; Type: INDEX ATTACH; Schema: jobmachine; Owner: -

ALTER INDEX jobmachine.job_pkey ATTACH PARTITION jobmachine.job_3_pkey;

-- Name: pending ring; Type: TRIGGER; Schema: jobmachine; Owner: -

CREATE TRIGGER ring AFTER INSERT ON jobmachine.pending FOR EACH ROW WHEN (new.rings) EXECUTE FUNCTION jobmachine._ring_pending();

-- Name: reply ring; Type: TRIGGER; Schema: jobmachine; Owner: -

CREATE TRIGGER ring AFTER INSERT ON jobmachine.reply FOR EACH ROW EXECUTE FUNCTION jobmachine._ring_reply();

-- Name: scheduled ring; Type: TRIGGER; Schema: jobmachine; Owner: -

CREATE TRIGGER ring AFTER INSERT ON jobmachine.scheduled REFERENCING NEW TABLE AS new_ticket FOR EACH STATEMENT EXECUTE FUNCTION jobmachine._ring_scheduled();

-- Name: jobs send; Type: TRIGGER; Schema: jobmachine; Owner: -

CREATE TRIGGER send INSTEAD OF INSERT ON jobmachine.jobs FOR EACH ROW EXECUTE FUNCTION jobmachine._insert_job();

-- Name: FUNCTION _add_segment(lower bigint, upper bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._add_segment(lower bigint, upper bigint) FROM PUBLIC;

-- Name: FUNCTION _after_end(job_ids bigint[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._after_end(job_ids bigint[]) FROM PUBLIC;

-- Name: FUNCTION _asks(now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._asks(now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _asleep(bell text, kind text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._asleep(bell text, kind text) FROM PUBLIC;

-- Name: FUNCTION _backoff(attempt integer, base interval, factor double precision, max interval); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._backoff(attempt integer, base interval, factor double precision, max interval) FROM PUBLIC;

-- Name: FUNCTION _channel(bell text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._channel(bell text) FROM PUBLIC;

-- Name: FUNCTION _check_claim(queues text[], n integer, limits integer[], ttl interval, worker text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_claim(queues text[], n integer, limits integer[], ttl interval, worker text) FROM PUBLIC;

-- Name: FUNCTION _check_headers(headers jsonb); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_headers(headers jsonb) FROM PUBLIC;

-- Name: FUNCTION _check_interval(name text, value interval, minimum interval); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_interval(name text, value interval, minimum interval) FROM PUBLIC;

-- Name: FUNCTION _check_json(name text, value jsonb); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_json(name text, value jsonb) FROM PUBLIC;

-- Name: FUNCTION _check_key(key text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_key(key text) FROM PUBLIC;

-- Name: FUNCTION _check_options(queue text, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_for interval, headers jsonb, reply_to text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_options(queue text, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_for interval, headers jsonb, reply_to text) FROM PUBLIC;

-- Name: FUNCTION _check_outcome(job_id bigint, receipt bigint, outcome text, delay interval); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_outcome(job_id bigint, receipt bigint, outcome text, delay interval) FROM PUBLIC;

-- Name: FUNCTION _check_queue(queue text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_queue(queue text) FROM PUBLIC;

-- Name: FUNCTION _check_queues(queues text[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_queues(queues text[]) FROM PUBLIC;

-- Name: FUNCTION _check_run(job_id bigint, receipt bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_run(job_id bigint, receipt bigint) FROM PUBLIC;

-- Name: FUNCTION _check_worker(worker text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._check_worker(worker text) FROM PUBLIC;

-- Name: FUNCTION _collect(queue text, n integer, now timestamp with time zone, start bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._collect(queue text, n integer, now timestamp with time zone, start bigint) FROM PUBLIC;

-- Name: FUNCTION _collect_batch(queue text, n integer, now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._collect_batch(queue text, n integer, now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _collect_pattern(pattern text, n integer, now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._collect_pattern(pattern text, n integer, now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _collect_queues(queues text[], n integer, limits integer[], now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._collect_queues(queues text[], n integer, limits integer[], now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _complete(job_ids bigint[], receipts bigint[], replies jsonb[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._complete(job_ids bigint[], receipts bigint[], replies jsonb[]) FROM PUBLIC;

-- Name: FUNCTION _confirm_low_water(writers text[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._confirm_low_water(writers text[]) FROM PUBLIC;

-- Name: FUNCTION _dense(first bigint, last bigint, n bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._dense(first bigint, last bigint, n bigint) FROM PUBLIC;

-- Name: FUNCTION _end_attempt(job_ids bigint[], receipts bigint[], outcomes text[], errors text[], details jsonb[], delays interval[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._end_attempt(job_ids bigint[], receipts bigint[], outcomes text[], errors text[], details jsonb[], delays interval[]) FROM PUBLIC;

-- Name: FUNCTION _end_one(job_id bigint, receipt bigint, outcome text, error text, detail jsonb, delay interval); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._end_one(job_id bigint, receipt bigint, outcome text, error text, detail jsonb, delay interval) FROM PUBLIC;

-- Name: FUNCTION _erase(job_ids bigint[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._erase(job_ids bigint[]) FROM PUBLIC;

-- Name: FUNCTION _first_segment_is_large(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._first_segment_is_large() FROM PUBLIC;

-- Name: FUNCTION _forget(job_ids bigint[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._forget(job_ids bigint[]) FROM PUBLIC;

-- Name: FUNCTION _forget_at_once(job_ids bigint[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._forget_at_once(job_ids bigint[]) FROM PUBLIC;

-- Name: FUNCTION _forget_finished(job_ids bigint[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._forget_finished(job_ids bigint[]) FROM PUBLIC;

-- Name: FUNCTION _forget_history(upper bigint, keep bigint[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._forget_history(upper bigint, keep bigint[]) FROM PUBLIC;

-- Name: FUNCTION _free_keys(job_ids bigint[], timed boolean); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._free_keys(job_ids bigint[], timed boolean) FROM PUBLIC;

-- Name: FUNCTION _has_ticket(queue text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._has_ticket(queue text) FROM PUBLIC;

-- Name: FUNCTION _has_work(queue text, now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._has_work(queue text, now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _held_keys(class integer); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._held_keys(class integer) FROM PUBLIC;

-- Name: FUNCTION _hold_keys(class integer, keys integer[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._hold_keys(class integer, keys integer[]) FROM PUBLIC;

-- Name: FUNCTION _insert_job(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._insert_job() FROM PUBLIC;

-- Name: FUNCTION _insert_jobs(queue text, payloads jsonb[], priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_keys text[], unique_for interval, headers jsonb, reply_to text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._insert_jobs(queue text, payloads jsonb[], priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_keys text[], unique_for interval, headers jsonb, reply_to text) FROM PUBLIC;

-- Name: FUNCTION _insert_pending(queue text, payloads jsonb[], priority integer, max_attempts integer, timeout interval, expires_at timestamp with time zone, headers jsonb, reply_to text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._insert_pending(queue text, payloads jsonb[], priority integer, max_attempts integer, timeout interval, expires_at timestamp with time zone, headers jsonb, reply_to text) FROM PUBLIC;

-- Name: FUNCTION _insert_special(queue text, payloads jsonb[], priority integer, due_at timestamp with time zone, max_attempts integer, timeout interval, expires_at timestamp with time zone, unique_keys text[], unique_until timestamp with time zone, headers jsonb, reply_to text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._insert_special(queue text, payloads jsonb[], priority integer, due_at timestamp with time zone, max_attempts integer, timeout interval, expires_at timestamp with time zone, unique_keys text[], unique_until timestamp with time zone, headers jsonb, reply_to text) FROM PUBLIC;

-- Name: FUNCTION _is_plain(queue text, payload anyelement, priority integer, headers jsonb); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._is_plain(queue text, payload anyelement, priority integer, headers jsonb) FROM PUBLIC;

-- Name: FUNCTION _keeps_nothing(queue text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._keeps_nothing(queue text) FROM PUBLIC;

-- Name: FUNCTION _key_a(bell text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._key_a(bell text) FROM PUBLIC;

-- Name: FUNCTION _key_b(bell text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._key_b(bell text) FROM PUBLIC;

-- Name: FUNCTION _lease_key(lease_id bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._lease_key(lease_id bigint) FROM PUBLIC;

-- Name: FUNCTION _listen(bells text[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._listen(bells text[]) FROM PUBLIC;

-- Name: FUNCTION _lock_class(kind text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._lock_class(kind text) FROM PUBLIC;

-- Name: FUNCTION _may_sleep(class integer, key_a integer); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._may_sleep(class integer, key_a integer) FROM PUBLIC;

-- Name: FUNCTION _next_queue(prefix text, start text, exclusive boolean); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._next_queue(prefix text, start text, exclusive boolean) FROM PUBLIC;

-- Name: FUNCTION _next_state(outcome text, cancel_requested boolean, used_up boolean, delay interval, crashed_before boolean); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._next_state(outcome text, cancel_requested boolean, used_up boolean, delay interval, crashed_before boolean) FROM PUBLIC;

-- Name: FUNCTION _note_low_water(seen bigint, drawn bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._note_low_water(seen bigint, drawn bigint) FROM PUBLIC;

-- Name: FUNCTION _now(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._now() FROM PUBLIC;

-- Name: FUNCTION _open_claim_lease(queues text[], ttl interval, worker text, now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._open_claim_lease(queues text[], ttl interval, worker text, now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _pending_before(upper bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._pending_before(upper bigint) FROM PUBLIC;

-- Name: FUNCTION _pending_place(job_id bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._pending_place(job_id bigint) FROM PUBLIC;

-- Name: FUNCTION _pending_writers(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._pending_writers() FROM PUBLIC;

-- Name: FUNCTION _position(rank bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._position(rank bigint) FROM PUBLIC;

-- Name: FUNCTION _put_back(job_id bigint, attempt smallint, receipt bigint, expires_at timestamp with time zone, run_at timestamp with time zone, now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._put_back(job_id bigint, attempt smallint, receipt bigint, expires_at timestamp with time zone, run_at timestamp with time zone, now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _rank(priority integer, "position" bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._rank(priority integer, "position" bigint) FROM PUBLIC;

-- Name: FUNCTION _receipt(rank bigint, salt bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._receipt(rank bigint, salt bigint) FROM PUBLIC;

-- Name: FUNCTION _refuse(code text, message text, detail text, hint text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._refuse(code text, message text, detail text, hint text) FROM PUBLIC;

-- Name: FUNCTION _refuse_lease(lease_id bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._refuse_lease(lease_id bigint) FROM PUBLIC;

-- Name: FUNCTION _retire_is_due(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._retire_is_due() FROM PUBLIC;

-- Name: FUNCTION _retire_segments(upper bigint, keep bigint[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._retire_segments(upper bigint, keep bigint[]) FROM PUBLIC;

-- Name: FUNCTION _ring(bell text, kind text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._ring(bell text, kind text) FROM PUBLIC;

-- Name: FUNCTION _ring_pending(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._ring_pending() FROM PUBLIC;

-- Name: FUNCTION _ring_reply(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._ring_reply() FROM PUBLIC;

-- Name: FUNCTION _ring_scheduled(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._ring_scheduled() FROM PUBLIC;

-- Name: FUNCTION _ring_waiters(job_ids bigint[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._ring_waiters(job_ids bigint[]) FROM PUBLIC;

-- Name: FUNCTION _rings(key_a integer); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._rings(key_a integer) FROM PUBLIC;

-- Name: FUNCTION _salt(lease_id bigint, now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._salt(lease_id bigint, now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _segment_bounds(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._segment_bounds() FROM PUBLIC;

-- Name: FUNCTION _send_with_options(queue text, payload jsonb, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_key text, unique_for interval, headers jsonb, reply_to text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._send_with_options(queue text, payload jsonb, priority integer, run_at timestamp with time zone, delay interval, max_attempts integer, timeout interval, expires_in interval, unique_key text, unique_for interval, headers jsonb, reply_to text) FROM PUBLIC;

-- Name: FUNCTION _sender_under_way(bells text[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._sender_under_way(bells text[]) FROM PUBLIC;

-- Name: FUNCTION _setting(queue text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._setting(queue text) FROM PUBLIC;

-- Name: FUNCTION _settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[], errors text[], delays interval[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._settle(job_ids bigint[], receipts bigint[], outcomes text[], replies text[], errors text[], delays interval[]) FROM PUBLIC;

-- Name: FUNCTION _settle_one(job_id bigint, receipt bigint, outcome text, reply text, error text, delay interval); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._settle_one(job_id bigint, receipt bigint, outcome text, reply text, error text, delay interval) FROM PUBLIC;

-- Name: FUNCTION _skip_fast_segment(cursor_id bigint, now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._skip_fast_segment(cursor_id bigint, now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _sleep_on(bells text[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._sleep_on(bells text[]) FROM PUBLIC;

-- Name: FUNCTION _sleeps_itself(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._sleeps_itself() FROM PUBLIC;

-- Name: TABLE claimed_job; Type: ACL; Schema: jobmachine; Owner: -

GRANT SELECT ON TABLE jobmachine.claimed_job TO PUBLIC;

-- Name: FUNCTION _start(tickets tid[], lease_id bigint, now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._start(tickets tid[], lease_id bigint, now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _start_one(ticket tid, lease_id bigint, now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._start_one(ticket tid, lease_id bigint, now timestamp with time zone) FROM PUBLIC;

-- Name: FUNCTION _suspicious(value anyelement); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._suspicious(value anyelement) FROM PUBLIC;

-- Name: FUNCTION _take_away(job_ids bigint[], receipts bigint[], outcome text, error text); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._take_away(job_ids bigint[], receipts bigint[], outcome text, error text) FROM PUBLIC;

-- Name: FUNCTION _take_key_again(job_id bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._take_key_again(job_id bigint) FROM PUBLIC;

-- Name: FUNCTION _tick(parts text[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._tick(parts text[]) FROM PUBLIC;

-- Name: FUNCTION _tick_due(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._tick_due() FROM PUBLIC;

-- Name: FUNCTION _tick_expired(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._tick_expired() FROM PUBLIC;

-- Name: FUNCTION _tick_is_due(now timestamp with time zone, seconds integer); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._tick_is_due(now timestamp with time zone, seconds integer) FROM PUBLIC;

-- Name: FUNCTION _tick_leases(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._tick_leases() FROM PUBLIC;

-- Name: FUNCTION _tick_low_water(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._tick_low_water() FROM PUBLIC;

-- Name: FUNCTION _tick_overdue(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._tick_overdue() FROM PUBLIC;

-- Name: FUNCTION _tick_purge(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._tick_purge() FROM PUBLIC;

-- Name: FUNCTION _tick_retire(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._tick_retire() FROM PUBLIC;

-- Name: FUNCTION _tick_segments(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._tick_segments() FROM PUBLIC;

-- Name: FUNCTION _trust_memory(kind text, seconds integer); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._trust_memory(kind text, seconds integer) FROM PUBLIC;

-- Name: FUNCTION _verdict(job_id bigint, receipt bigint); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._verdict(job_id bigint, receipt bigint) FROM PUBLIC;

-- Name: FUNCTION _verdicts(job_ids bigint[], receipts bigint[], done integer[], cancelled integer[]); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._verdicts(job_ids bigint[], receipts bigint[], done integer[], cancelled integer[]) FROM PUBLIC;

-- Name: FUNCTION _verify_low_water(); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._verify_low_water() FROM PUBLIC;

-- Name: FUNCTION _wait_on(bucket integer, waiting boolean); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._wait_on(bucket integer, waiting boolean) FROM PUBLIC;

-- Name: FUNCTION _watch_held_leases(now timestamp with time zone); Type: ACL; Schema: jobmachine; Owner: -

REVOKE ALL ON FUNCTION jobmachine._watch_held_leases(now timestamp with time zone) FROM PUBLIC;

-- Name: TABLE queues; Type: ACL; Schema: jobmachine; Owner: -

GRANT SELECT ON TABLE jobmachine.queues TO PUBLIC;

-- Name: TABLE jobs; Type: ACL; Schema: jobmachine; Owner: -

GRANT SELECT,INSERT ON TABLE jobmachine.jobs TO PUBLIC;

-- Name: TABLE answers; Type: ACL; Schema: jobmachine; Owner: -

GRANT SELECT ON TABLE jobmachine.answers TO PUBLIC;

-- Name: TABLE stop_request; Type: ACL; Schema: jobmachine; Owner: -

GRANT SELECT ON TABLE jobmachine.stop_request TO PUBLIC;

-- Name: TABLE attempts; Type: ACL; Schema: jobmachine; Owner: -

GRANT SELECT ON TABLE jobmachine.attempts TO PUBLIC;

-- Name: TABLE workers; Type: ACL; Schema: jobmachine; Owner: -

GRANT SELECT ON TABLE jobmachine.workers TO PUBLIC;
