#!/usr/bin/env node
// Counts the lines and words of files: node worker.js. Start as many as you like; no other process is needed.
//
// One job at a time, under a lease that a timer renews, so a job may take as long as it likes; and the lease is tied to
// the listening connection, so that the jobs of a worker that is killed run elsewhere within seconds.
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import pg from 'pg'
import { Bell } from './bell.js'

const queue = 'file.words'

// What the worker is for. It returns the reply; if it throws, the job is tried again later.
async function handle(data, signal) {
  const text = await readFile(data.path, { encoding: 'utf8', signal })
  return { lines: (text.match(/\n|[^\n]$/g) ?? []).length, words: text.split(/\s+/).filter(Boolean).length }
}

const db = new pg.Client({ connectionString: process.env.DATABASE_URL })
await db.connect()
const bell = new Bell(db)
let running // the job at hand, with the AbortController of its handler
let stopping = false
for (const name of ['SIGINT', 'SIGTERM']) {
  process.on(name, () => { // the job at hand is finished first
    stopping = true
    bell.ring()
  })
}

const lease = await one('select jobmachine.open_lease($1, queues => $2)', [`${hostname()}:${process.pid}`, [queue]])
await one('select jobmachine.hold_lease($1)', [lease])

// Without connection or lease the process ends with an error, and whoever watches over it starts a new one.
const renewing = setInterval(async () => {
  const job = running
  const stop = await db.query('select * from jobmachine.renew($1, $2, $3)', [lease, job ? [job.id] : [], job ? [job.receipt] : []])
  if (stop.rows.length > 0) job.abort.abort(new Error(`asked to stop: ${stop.rows[0].reason}`))
}, 10_000)

let parked = false
while (!stopping) {
  bell.reset()
  const job = (await db.query('select * from jobmachine.claim($1, lease_id => $2)', [queue, lease])).rows[0]
  if (!job) {
    // park says how long nothing can happen unless the bell rings: 0 means look again. It does the housekeeping too.
    await bell.wait(await one('select jobmachine.park($1)', [[queue]]))
    parked = true
    continue
  }
  if (parked) await one('select jobmachine.unpark()', []) // awake: senders need not ring
  parked = false
  await work(job)
}
clearInterval(renewing)
await one('select jobmachine.close_lease($1)', [lease])
await db.end()

async function work(job) {
  running = { ...job, abort: new AbortController() }
  let outcome, verdict
  try {
    outcome = JSON.stringify(await handle(job.payload, running.abort.signal))
  } catch (err) {
    outcome = `failed: ${err.message}`
    verdict = await one('select jobmachine.fail($1, $2, $3)', [job.id, job.receipt, err.message])
  }
  verdict ??= await one('select jobmachine.complete($1, $2, $3)', [job.id, job.receipt, outcome])
  running = undefined
  console.log(`job ${job.id}, attempt ${job.attempt}: ${outcome} (${verdict})`)
}

async function one(sql, values) {
  return Object.values((await db.query(sql, values)).rows[0])[0]
}
