/** Where a process listens, and whom it talks to, as the kernel has it (Linux). */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** A TCP socket of a process, in the kernel's words. */
interface Socket {
  readonly kind: 'tcp' | 'tcp6';
  /** Both as `address:port` in hexadecimal. */
  readonly local: string;
  readonly remote: string;
  /** 01 is ESTABLISHED, 0A is LISTEN. */
  readonly state: string;
}

function socketsOf(pid: number): readonly Socket[] {
  const folder = `/proc/${pid}/fd`;
  const inodes = new Set(
    readdirSync(folder).map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1];
      } catch {
        return undefined; // closed meanwhile
      }
    }),
  );
  return (['tcp', 'tcp6'] as const).flatMap((kind) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => inodes.has(fields[9]))
      .map(([, local = '', remote = '', state = '']) => ({ kind, local, remote, state })),
  );
}

const portOf = (address: string): number => parseInt(address.split(':')[1] ?? '', 16);

/** Addresses of IPv4, and ports of IPv6, at which a process listens. */
export function listeningAddresses(pid: number): readonly string[] {
  return socketsOf(pid)
    .filter(({ state }) => state === '0A')
    .map(({ kind, local }) => {
      const bytes =
        local
          .split(':')[0]
          ?.match(/../g)
          ?.map((hex) => parseInt(hex, 16)) ?? [];
      return `${kind === 'tcp' ? bytes.reverse().join('.') : 'v6'}:${portOf(local)}`;
    });
}

/** How many connections to a port a process has that neither side has closed. */
export function connectionsTo(pid: number, port: number): number {
  return socketsOf(pid).filter(({ state, remote }) => state === '01' && portOf(remote) === port).length;
}
