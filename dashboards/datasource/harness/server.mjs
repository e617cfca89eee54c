import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('..', import.meta.url));
const icons = join(home, 'node_modules/@grafana/ui/dist/public');
const kinds = { '.js': 'text/javascript', '.svg': 'image/svg+xml', '.json': 'application/json', '.css': 'text/css' };

const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Plantroom data source</title>
<script>
// What Grafana writes into its page. React and the packages look at the process's environment.
window.process = { env: { NODE_ENV: 'production' } };
window.grafanaBootData = { settings: { appSubUrl: '', featureToggles: {}, buildInfo: { version: '13.2.2' }, namespace: 'default' }, user: { theme: 'light', language: 'en-US' }, navTree: [] };
</script><link rel="stylesheet" href="/host.css"></head><body><div id="root"></div><script src="/host.js"></script></body></html>`;

/** What the backend answers where none runs: the resources of a small estate, and an empty frame for each query. */
const choices = {
  buildings: [1, 2, 3, 4].map((n) => ({ text: `Block ${n}`, value: `b${n}` })),
  assets: [1, 2, 3, 4].flatMap((b) => [1, 2].map((l) => ({ text: `Lift ${l}, block ${b}`, value: `b${b}-l${l}` }))),
  contractors: [
    { text: 'Quicklift', value: 'quicklift' },
    { text: 'Dryhands', value: 'dryhands' },
  ],
  domains: ['lifts', 'leaks', 'waste', 'bays'].map((value) => ({
    text: value[0].toUpperCase() + value.slice(1),
    value,
  })),
  rules: [
    { text: 'Door close fault', value: 'door_close_fault' },
    { text: 'People trapped', value: 'trapped' },
  ],
};

/**
 * Serves page, bundle, module and boards, and what the browser asks of Grafana: from `grafana` (the address of the host
 * program with the real backend) where it is given, else canned. `refused` is a host whose token Plantroom does not take,
 * `influx` an InfluxDB with `token`. `state` is the test's hand on it: what answers wait for, whether the token is
 * refused, and what was asked.
 */
export async function serve(chain = {}) {
  const state = { delay: Promise.resolve(), failing: false, asked: [] };
  const server = createServer((req, res) => {
    answer(req, res, state, chain).catch((error) => {
      res.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ message: String(error) }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, state, close: () => new Promise((r) => server.close(r)) };
}

async function answer(req, res, state, chain) {
  const url = new URL(req.url, 'http://localhost');
  if (url.pathname === '/') {
    return res.writeHead(200, { 'content-type': 'text/html' }).end(page);
  }
  if (url.pathname.startsWith('/api/')) {
    const body = await read(req);
    state.asked.push({ path: url.pathname + url.search, body: body === '' ? undefined : JSON.parse(body) });
    const { failing } = state;
    await state.delay;
    if (!chain.grafana || (failing && !chain.refused)) {
      return canned(url, body, res, failing);
    }
    return pass(new URL(req.url, failing ? chain.refused : chain.grafana), req, body, res);
  }
  if (url.pathname === '/influx' && chain.influx) {
    const form = new URLSearchParams(await read(req));
    form.set('db', 'plantroom');
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      ...(chain.token && { authorization: `Token ${chain.token}` }),
    };
    return pass(new URL('/query', chain.influx), { method: 'POST', headers }, form.toString(), res);
  }
  const roots = {
    '/dist/': join(home, 'dist'),
    '/host.js': join(home, 'artifacts'),
    '/host.css': join(home, 'artifacts'),
    '/public/': icons,
    '/boards/': join(home, '../boards'),
  };
  for (const [prefix, root] of Object.entries(roots)) {
    if (url.pathname.startsWith(prefix)) {
      const rest = prefix.endsWith('/') ? url.pathname.slice(prefix.length) : url.pathname;
      const file = join(root, normalize('/' + rest.replace(/^build\//, '')));
      const body = await readFile(file).catch(() => undefined);
      if (body) {
        return res.writeHead(200, { 'content-type': kinds[extname(file)] ?? 'application/octet-stream' }).end(body);
      }
    }
  }
  if (url.pathname.startsWith('/public/') && url.pathname.endsWith('.svg')) {
    // Some icons are in Grafana's server alone.
    return res
      .writeHead(200, { 'content-type': kinds['.svg'] })
      .end('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="7"/></svg>');
  }
  return res.writeHead(404).end();
}

async function read(req) {
  let body = '';
  for await (const part of req) {
    body += part;
  }
  return body;
}

function canned(url, body, res, failing) {
  const json = (status, value) =>
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (failing) {
    return json(401, {
      error: "Plantroom does not accept the data source's token: enter one that is valid, of a viewer",
    });
  }
  const kind = /\/resources\/variables\/(\w+)$/.exec(url.pathname)?.[1];
  if (kind) {
    return json(200, choices[kind] ?? []);
  }
  if (url.pathname === '/api/ds/query') {
    const { queries } = JSON.parse(body);
    const frame = (refId) => ({
      schema: { refId, fields: [{ name: 'value', type: 'number' }] },
      data: { values: [[1]] },
    });
    return json(200, {
      results: Object.fromEntries(queries.map(({ refId }) => [refId, { status: 200, frames: [frame(refId)] }])),
    });
  }
  return json(404, { message: `the harness has no ${url.pathname}` });
}

async function pass(target, { method, headers }, body, res) {
  const sent = { ...headers };
  for (const own of ['host', 'connection', 'content-length']) {
    delete sent[own];
  }
  const back = await fetch(target, { method, headers: sent, body: method === 'GET' ? undefined : body });
  const kind = back.headers.get('content-type') ?? 'application/json';
  res.writeHead(back.status, { 'content-type': kind }).end(Buffer.from(await back.arrayBuffer()));
}
