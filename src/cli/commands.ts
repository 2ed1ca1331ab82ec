/** All commands, in the order of the help. */
import type { Command } from './command.ts';
import { cancel } from './commands/cancel.ts';
import { config } from './commands/config.ts';
import { head } from './commands/head.ts';
import { inspect } from './commands/inspect.ts';
import { list } from './commands/list.ts';
import { pause } from './commands/pause.ts';
import { reframe } from './commands/reframe.ts';
import { rejects } from './commands/rejects.ts';
import { report } from './commands/report.ts';
import { result } from './commands/result.ts';
import { resume } from './commands/resume.ts';
import { run } from './commands/run.ts';
import { sample } from './commands/sample.ts';
import { server } from './commands/server.ts';
import { set } from './commands/set.ts';
import { start } from './commands/start.ts';
import { stats } from './commands/stats.ts';
import { status } from './commands/status.ts';
import { verify } from './commands/verify.ts';
import { watch } from './commands/watch.ts';
import { worker } from './commands/worker.ts';

/** `help` is not among them: see `commands/help.ts`. */
export const commands: readonly Command[] = [
  run,
  start,
  inspect,
  head,
  sample,
  reframe,
  verify,
  rejects,
  report,
  list,
  status,
  watch,
  stats,
  result,
  pause,
  resume,
  cancel,
  set,
  worker,
  server,
  config,
];
