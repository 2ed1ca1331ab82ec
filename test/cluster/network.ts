/** The network of the compose file on one machine: every service at 127.0.0.1, every port another, since they may be taken. */
import { freePort, isPortFree } from '../../src/server/host.ts';

export class Network {
  private readonly services: ReadonlySet<string>;
  private readonly ports = new Map<string, number>();

  /** `services`: the names that are hosts in containers. */
  constructor(services: Iterable<string>) {
    this.services = new Set(services);
  }

  /** The port that stands for one in a container; `of` tells containers apart that have the same one. */
  async port(inside: string, of = ''): Promise<number> {
    const key = `${of}:${inside}`;
    const known = this.ports.get(key) ?? (await freePort(0, [...this.ports.values()]));
    this.ports.set(key, known);
    return known;
  }

  /** The same, from the number itself upwards: the server keeps ports of its membership as signed numbers of 16 bits. */
  async lowPort(inside: number): Promise<number> {
    let port = inside;
    while (!(await isPortFree(port))) port++;
    this.ports.set(`:${inside}`, port);
    return port;
  }

  /** An environment with its hosts and ports as they are here; all else is untouched. */
  async environment(
    given: Readonly<Record<string, string>>,
    of = '',
  ): Promise<Readonly<Record<string, string>>> {
    const here: Record<string, string> = {};
    for (const [name, value] of Object.entries(given)) here[name] = await this.value(name, value, of);
    return here;
  }

  private async value(name: string, value: string, of: string): Promise<string> {
    const isHost = (text: string): boolean => text === '0.0.0.0' || this.services.has(text);
    // a user and a password may be named as a service is
    if (isHost(value) && /(HOST|SEEDS|IP)$/.test(name)) return '127.0.0.1';
    if (/PORT$/.test(name)) return String(await this.port(value));
    const [host = '', port, more] = value.split(':');
    if (port === undefined || more !== undefined || !isHost(host)) return value;
    return `127.0.0.1:${await this.port(port, host === '0.0.0.0' ? of : '')}`;
  }
}
