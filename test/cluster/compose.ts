/** What docker-compose.yml gives to its services, as containers would see it: parsed, never copied. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Service {
  readonly image: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** `source:target[:ro]`. */
  readonly volumes: readonly string[];
}

type Given = Readonly<Record<string, string>>;

/** `${NAME:-default}` and `${NAME}` by `given`; `$$` is a dollar. */
function interpolated(text: string, given: Given): string {
  return text.replace(
    /\$(?:\$|\{(\w+)(?::-((?:[^{}]|\$\{\w+\})*))?\})/g,
    (whole: string, name: string | undefined, fallback: string | undefined) =>
      whole === '$$' ? '$' : (given[name ?? ''] ?? interpolated(fallback ?? '', given)),
  );
}

function texts(value: unknown, given: Given): readonly string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new TypeError(`Not a list: ${JSON.stringify(value)}`);
  return value.map((each) => interpolated(String(each), given));
}

/** The services of a compose file by name; `given`: the environment in which `docker compose` is called. */
export function readCompose(file: string, given: Given): ReadonlyMap<string, Service> {
  const { services } = parse(readFileSync(file, 'utf8'), { merge: true }) as {
    readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
  return new Map(
    Object.entries(services).map(([name, { image, environment, entrypoint, command, volumes }]) => [
      name,
      {
        image: typeof image === 'string' ? image : null,
        environment: Object.fromEntries(
          Object.entries((environment ?? {}) as Readonly<Record<string, unknown>>).map(([key, value]) => [
            key,
            interpolated(String(value), given),
          ]),
        ),
        entrypoint: texts(entrypoint, given),
        command: texts(command, given),
        volumes: texts(volumes, given),
      },
    ]),
  );
}

/** A service that must be there. */
export function serviceOf(services: ReadonlyMap<string, Service>, name: string): Service {
  const found = services.get(name);
  if (found === undefined) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}

/** The tag of a service's image. */
export function tagOf({ image }: Service): string {
  const tag = image?.split(':').at(-1);
  if (tag === undefined) throw new Error('The service has no image with a tag');
  return tag;
}
