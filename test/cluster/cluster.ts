/** What `docker compose up` would run, as processes of this machine: PostgreSQL, schema, server, namespace, workers. */
import { execFile, execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { findTemporal } from '../../src/server/binary.ts';
import { answers } from '../../src/server/host.ts';
import { Program } from '../e2e/program.ts';
import { until } from '../e2e/until.ts';
import { readCompose, serviceOf, tagOf, type Service } from './compose.ts';
import { Daemon } from './daemon.ts';
import { Network } from './network.ts';
import { findPostgres, findServer, type ServerTools } from './tools.ts';

const root = path.join(import.meta.dirname, '../..');
const run = promisify(execFile);
/** A server that replays its database on two busy cores. */
const readyMs = 180_000;
/** As `restart: on-failure:6` has it. */
const triesMax = 7;

type Talk = (text: string) => void;

export class Cluster {
  readonly folder: string;
  private readonly services: ReadonlyMap<string, Service>;
  private readonly network: Network;
  private readonly talk: Talk;
  private readonly tools: ServerTools;
  private readonly postgresPrograms: string;
  private readonly programs: string;
  private readonly workers: Program[] = [];
  private postgres: Daemon | null = null;
  private temporal: Daemon | null = null;

  private constructor(
    folder: string,
    services: ReadonlyMap<string, Service>,
    talk: Talk,
    tools: ServerTools,
  ) {
    this.folder = folder;
    this.services = services;
    this.talk = talk;
    this.tools = tools;
    this.network = new Network(services.keys());
    this.postgresPrograms = findPostgres(talk);
    this.programs = path.join(folder, 'bin');
  }

  /** Finds or builds what it needs; starts nothing. */
  static async prepare(folder: string, talk: Talk): Promise<Cluster> {
    const services = readCompose(path.join(root, 'docker-compose.yml'), { PWD: folder });
    const version = tagOf(serviceOf(services, 'temporal'));
    const schemaVersion = tagOf(serviceOf(services, 'schema'));
    if (version !== schemaVersion) throw new Error(`Server ${version}, but schema of ${schemaVersion}`);
    const tools = await findServer(version, talk);
    const cluster = new Cluster(folder, services, talk, tools);
    mkdirSync(cluster.programs);
    symlinkSync(tools.sqlTool, path.join(cluster.programs, 'temporal-sql-tool'));
    symlinkSync(tools.server, path.join(cluster.programs, 'temporal-server'));
    symlinkSync(await findTemporal(), path.join(cluster.programs, 'temporal'));
    return cluster;
  }

  get address(): Promise<string> {
    return this.network.port('7233').then((port) => `127.0.0.1:${port}`);
  }

  /** All of it, in the order of `depends_on`. */
  async up(): Promise<void> {
    await this.startPostgres();
    await this.runOnce('schema');
    await this.startTemporal();
    await this.runOnce('namespace');
  }

  /** Containers that run to their end, again: a second `docker compose up`. */
  async upAgain(): Promise<void> {
    await this.runOnce('schema');
    await this.runOnce('namespace');
  }

  async worker(): Promise<Program> {
    const of = `worker${this.workers.length}`;
    const { environment, command } = serviceOf(this.services, 'worker');
    const env = await this.network.environment(environment, of);
    // debug: which of them is at work
    const program = new Program([...command, '--log-level', 'debug', '--json'], { folder: this.folder, env });
    this.workers.push(program);
    await program.firstLine(60_000);
    const metrics = await (await fetch(`http://${env['THREADMILL_METRICS_ADDRESS'] ?? ''}/metrics`)).text();
    if (!metrics.includes('temporal_')) throw new Error('The worker serves no metrics');
    return program;
  }

  async killTemporal(): Promise<void> {
    await this.temporal?.end('SIGKILL');
  }

  async startTemporal(): Promise<void> {
    this.temporal ??= await this.makeTemporal();
    this.temporal.start();
    const port = await this.network.port('7233');
    await this.whenUp('The server', this.temporal, () => answers(port));
  }

  /** The postmaster is killed; its children follow it. */
  async killPostgres(): Promise<void> {
    await this.postgres?.end('SIGKILL');
  }

  async startPostgres(): Promise<void> {
    this.postgres ??= this.makePostgres(await this.network.port('5432'));
    this.postgres.start();
    const isReady = path.join(this.postgresPrograms, 'pg_isready');
    const port = String(await this.network.port('5432'));
    await this.whenUp('PostgreSQL', this.postgres, () =>
      run(isReady, ['-h', '127.0.0.1', '-p', port, '-U', this.user]).then(
        () => true,
        () => false,
      ),
    );
    await this.makeDatabase(port);
  }

  /** Metrics of the server, where the compose file has Prometheus ask for them. */
  async serverMetrics(): Promise<string> {
    const { PROMETHEUS_ENDPOINT: given = '' } = serviceOf(this.services, 'temporal').environment;
    const port = await this.network.port(given.split(':').at(-1) ?? '');
    return (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  }

  /** Ends every process that it started. */
  async down(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.kill()));
    await this.temporal?.end('SIGKILL');
    await this.postgres?.end('SIGINT');
  }

  private get user(): string {
    return serviceOf(this.services, 'postgres').environment['POSTGRES_USER'] ?? '';
  }

  private get password(): string {
    return serviceOf(this.services, 'postgres').environment['POSTGRES_PASSWORD'] ?? '';
  }

  private async whenUp(what: string, daemon: Daemon, isUp: () => Promise<boolean>): Promise<void> {
    await until(
      `${what} to answer`,
      async () => {
        if (!daemon.isRunning) throw new Error(`${what} ended:\n${daemon.said}`);
        return isUp();
      },
      readyMs,
    );
  }

  /** As the image's entrypoint: initdb with user and password, passwords asked for over TCP. */
  private makePostgres(port: number): Daemon {
    const data = path.join(this.folder, 'postgres');
    const sockets = path.join(this.folder, 'sockets');
    const secret = path.join(this.folder, 'password');
    writeFileSync(secret, this.password);
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    const user = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : undefined;
    for (const made of [data, sockets]) mkdirSync(made, { mode: 0o700 });
    if (user !== undefined) for (const made of [data, sockets, secret]) chownSync(made, user.uid, user.gid);
    const how = ['--auth-local=trust', '--auth-host=scram-sha-256', `--pwfile=${secret}`, '-E', 'UTF8'];
    execFileSync(path.join(this.postgresPrograms, 'initdb'), ['-D', data, '-U', this.user, ...how], {
      ...user,
      cwd: data,
      stdio: 'ignore',
    });
    rmSync(secret);
    return new Daemon({
      command: path.join(this.postgresPrograms, 'postgres'),
      args: ['-D', data, '-h', '127.0.0.1', '-p', String(port), '-k', sockets],
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8' },
      cwd: data,
      ...(user === undefined ? {} : { user }),
      log: path.join(this.folder, 'postgres.log'),
    });
  }

  /** The image makes a database that is named as its user. */
  private async makeDatabase(port: string): Promise<void> {
    const at = ['-h', '127.0.0.1', '-p', port, '-U', this.user];
    const env = { PATH: process.env['PATH'] ?? '', PGPASSWORD: this.password };
    await run(path.join(this.postgresPrograms, 'createdb'), [...at, this.user], { env }).catch(
      (error: unknown) => {
        if (!String(error).includes('already exists')) throw error;
      },
    );
  }

  private async makeTemporal(): Promise<Daemon> {
    const { environment, volumes } = serviceOf(this.services, 'temporal');
    const home = path.join(this.folder, 'etc-temporal');
    mkdirSync(home);
    for (const [source = '', target = ''] of volumes.map((volume) => volume.split(':'))) {
      const inside = path.join(home, path.relative('/etc/temporal', target));
      mkdirSync(path.dirname(inside), { recursive: true });
      writeFileSync(inside, readFileSync(path.join(root, source)));
    }
    // what compose leaves at its defaults may be taken on this machine
    const ports: Record<string, string> = {};
    for (const [service, grpc] of Object.entries({
      FRONTEND: 7233,
      HISTORY: 7234,
      MATCHING: 7235,
      WORKER: 7239,
    })) {
      ports[`${service}_GRPC_PORT`] = String(await this.network.port(String(grpc)));
      ports[`${service}_MEMBERSHIP_PORT`] = String(await this.network.lowPort(grpc - 300));
    }
    ports['FRONTEND_HTTP_PORT'] = String(await this.network.port('7243'));
    return new Daemon({
      command: path.join(this.programs, 'temporal-server'),
      args: ['start'],
      env: {
        PATH: process.env['PATH'] ?? '',
        ...(await this.network.environment(environment)),
        ...ports,
        // the image's entrypoint finds the container's own address
        TEMPORAL_BROADCAST_ADDRESS: '127.0.0.1',
      },
      cwd: home,
      log: path.join(this.folder, 'temporal.log'),
    });
  }

  /** A container that runs to its end, tried again as its `restart` says. */
  private async runOnce(name: string): Promise<void> {
    const { entrypoint, command, environment } = serviceOf(this.services, name);
    const [program = '', ...args] = [...entrypoint, ...command].map((word) =>
      word.replaceAll('/etc/temporal/schema', this.tools.schema),
    );
    const env = {
      PATH: `${this.programs}:${process.env['PATH'] ?? ''}`,
      HOME: this.folder,
      ...(await this.network.environment(environment)),
    };
    for (let tries = 1; ; tries++) {
      try {
        await run(program, args, { env, cwd: this.folder, maxBuffer: 2 ** 26 });
        this.talk(`${name}: done${tries === 1 ? '' : `, tried ${tries} times`}`);
        return;
      } catch (error) {
        if (tries === triesMax) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  }
}
