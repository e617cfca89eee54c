/** What is wrong with an address of Plantroom, in a sentence that says what to do; undefined where nothing is. */
export function addressProblem(address: string): string | undefined {
  const text = address.trim();
  if (text === '') {
    return 'Needed: where Grafana reaches Plantroom, for example http://plantroom:8080';
  }
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'Not an address: begin with http:// or https://';
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return 'Not an address of a web server: begin with http:// or https://';
  }
  if (url.username !== '' || url.password !== '') {
    return 'Leave out name and password: the token below is what lets Grafana in';
  }
  if (url.search !== '' || url.hash !== '') {
    return 'Leave out what follows ? or #';
  }
  if (/\/api(\/|$)/.test(url.pathname)) {
    return 'Leave out /api and what follows: the plugin adds it';
  }
  return undefined;
}
