// graphile-worker with the settings of its page on performance (worker.graphile.org/docs/performance, "With batching").
import { EventEmitter } from 'node:events'
import { Logger, makeWorkerUtils, run, runMigrations } from 'graphile-worker'

const logger = new Logger(() => (level, message) => {
  if (level === 'error') process.stderr.write(message + '\n')
})

const preset = (connectionString, concurrentJobs) => ({
  worker: {
    connectionString,
    concurrentJobs,
    maxPoolSize: concurrentJobs + 1,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
    logger
  }
})

export default (url) => {
  let utils
  return {
    install: () => runMigrations({ preset: preset(url, 24) }),

    async open (producers) {
      await utils?.release()
      utils = await makeWorkerUtils({ preset: preset(url, producers - 1) })
    },

    send: (payload) => utils.addJob('bench', payload),
    sendMany: (payloads) => utils.addJobs(payloads.map((payload) => ({ identifier: 'bench', payload }))),

    async work (concurrency, handle) {
      const events = new EventEmitter()
      events.setMaxListeners(0)
      const runner = await run({ preset: { worker: { ...preset(url, concurrency || 24).worker, events } }, noHandleSignals: true, parsedCronItems: [], taskList: { bench: handle } })
      return () => runner.stop()
    }
  }
}
