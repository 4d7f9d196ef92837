-- The whole story in ten lines of psql. Every program that can run SQL can do the same.
select jobmachine.send('mail.welcome', '{"to": "ann@example.com"}') as ticket \gset
insert into jobmachine.jobs (queue, payload, priority) values ('mail.welcome', '{"to": "bob@example.com"}', 9) returning id, state;
select name, state, pending, running from jobmachine.queues where name = 'mail.welcome';
select id, payload, receipt, attempt from jobmachine.claim('mail.welcome', ttl => '1 min') \gset job_
select jobmachine.reply(:job_id, :job_receipt, '{"percent": 50}') as progress;
select jobmachine.complete(:job_id, :job_receipt, '{"sent": true}') as verdict;
select seq, state, payload from jobmachine.replies(:ticket);
select id, receipt from jobmachine.claim('mail.*') \gset job_
select jobmachine.fail(:job_id, :job_receipt, 'SMTP 451: try again later', retry_in => '10 min') as verdict;
select id, queue, state, attempt, run_at > now() as later, reply, error from jobmachine.jobs where queue = 'mail.welcome' order by id;
