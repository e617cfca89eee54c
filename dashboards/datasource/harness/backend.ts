import type { BackendSrv, BackendSrvRequest, FetchResponse } from '@grafana/runtime';
import { from, Observable } from 'rxjs';

/** Sends the requests of the real packages over HTTP, to the harness's server or through it to a plugin's backend. */
function send<T>(request: BackendSrvRequest): Observable<FetchResponse<T>> {
  return from(sendOnce<T>(request));
}

async function sendOnce<T>(request: BackendSrvRequest): Promise<FetchResponse<T>> {
  const url = new URL(request.url, location.origin);
  for (const [key, value] of Object.entries(request.params ?? {})) {
    url.searchParams.append(key, String(value));
  }
  const answer = await fetch(url, {
    method: request.method ?? 'GET',
    headers: { 'content-type': 'application/json', ...request.headers },
    body: request.data === undefined ? undefined : JSON.stringify(request.data),
  });
  const text = await answer.text();
  const data = text === '' ? undefined : JSON.parse(text);
  const { ok, status, statusText } = answer;
  if (!ok) {
    throw { status, statusText, data, config: request };
  }
  return { ok, status, statusText, data, config: request } as FetchResponse<T>;
}

export const backendSrv = { fetch: send } as unknown as BackendSrv;
