// pg-boss with LISTEN/NOTIFY, batches, and no wait after a full batch (pgboss.io/api/workers); pgboss-poll is without
// notifications, at the shortest interval it allows.
import { PgBoss } from 'pg-boss'

export default (url, name) => {
  const notify = name !== 'pgboss-poll'

  const start = async (max) => {
    const boss = new PgBoss({ connectionString: url, max, useListenNotify: notify })
    boss.on('error', (e) => process.stderr.write(e.stack + '\n'))
    await boss.start()
    return boss
  }
  let producer

  return {
    async install () {
      const boss = await start(2)
      await boss.createQueue('bench', { notify })
      await boss.stop()
    },

    async open (producers) {
      await producer?.stop()
      producer = new PgBoss({ connectionString: url, max: producers, supervise: false, schedule: false, migrate: false })
      await producer.start()
    },

    send: (payload) => producer.send('bench', payload),
    sendMany: (payloads) => producer.insert('bench', payloads.map((data) => ({ data }))),

    async work (concurrency, handle) {
      const boss = await start(10)
      const options = { batchSize: concurrency || 1000, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true }
      await boss.work('bench', options, async (jobs) => { await Promise.all(jobs.map((job) => handle(job.data))) })
      return () => boss.stop()
    }
  }
}
