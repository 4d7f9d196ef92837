-- The table of contents. Install creates or replaces every function, in this order: what a function of one SQL statement
-- calls must be there before it. How to use the public ones, step by step:
--
--   1. send (send_many, or insert into jobmachine.jobs) puts jobs into a queue and returns ticket numbers.
--   2. claim takes jobs; complete, fail, snooze or release ends each run, shown its receipt; reply answers in between.
--      A worker process opens a lease, holds and renews it, claims with it, and parks when there is nothing to do.
--   3. receive, replies and status ask; check waits without polling; call does it all in one go.
--   4. cancel, retry, remove, pause, resume and configure are for operators.
--   5. tick keeps house; park and claim call it.

-- Internal functions, which applications cannot call; then triggers and the public functions.
-- {{ template "basics.sql" . }}
-- {{ template "sending.sql" . }}
-- {{ template "waking.sql" . }}
-- {{ template "claiming.sql" . }}
-- {{ template "ending.sql" . }}
-- {{ template "forgetting.sql" . }}
-- {{ template "housekeeping.sql" . }}
-- {{ template "triggers.sql" . }}
-- {{ template "api.sql" . }}

-- Rights: USAGE on the schema is the door. Behind it are the public functions and views; tables and internal functions
-- are nobody's.
grant select on jobmachine.jobs, jobmachine.claimed_job, jobmachine.answers, jobmachine.attempts, jobmachine.queues,
  jobmachine.stop_request, jobmachine.workers to public;
grant insert on jobmachine.jobs to public;
