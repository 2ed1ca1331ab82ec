/** Heartbeats of an activity that has nothing to tell but that it lives. */
import { Context } from '@temporalio/activity';

/** The time-out is 5 s. */
const heartbeatMs = 1_000;

/** Begins to beat; the function that it gives ends that. */
export function beating(): () => void {
  const context = Context.current();
  context.heartbeat();
  const timer = setInterval(() => {
    context.heartbeat();
  }, heartbeatMs);
  return () => {
    clearInterval(timer);
  };
}
