/** Where a process listens, as the kernel has it (Linux). */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Addresses of IPv4, and ports of IPv6, at which a process listens. */
export function listeningAddresses(pid: number): readonly string[] {
  const folder = `/proc/${pid}/fd`;
  const sockets = new Set(
    readdirSync(folder).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1];
      } catch {
        return undefined; // closed meanwhile
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      // 0A is LISTEN
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9]))
      .map(([, local = '']) => {
        const [address = '', port = ''] = local.split(':');
        const bytes = address.match(/../g)?.map((hex) => parseInt(hex, 16)) ?? [];
        return `${kind === 'tcp' ? bytes.reverse().join('.') : 'v6'}:${parseInt(port, 16)}`;
      }),
  );
}
