// What every codec finds beside the language. Evaluated before the codec's
// file; its value is the function that calls the codec.
(function (global) {
  'use strict';

  function define(name, value) { Object.defineProperty(global, name, { value, writable: true, configurable: true }); }
  const silent = () => undefined;
  const module = { exports: {} };
  define('module', module);
  define('exports', module.exports);
  define('console', { log: silent, info: silent, warn: silent, error: silent, debug: silent, trace: silent });
  define('require', function (name) {
    if (name === 'buffer' || name === 'node:buffer') return { Buffer: global.Buffer };
    throw new Error('Cannot find module ' + JSON.stringify(String(name)));
  });

  const parse = JSON.parse, stringify = JSON.stringify, DateOf = Date;

  // find looks where files put their entry. typeof sees functions, and let and
  // const, at the top of the file, which are no properties of the global object.
  function find(name) {
    const exported = module.exports || {};
    const other = global.exports || {};
    const own = f => typeof f === 'function' ? f : undefined;
    const within = n => own(exported[n]) || own(other[n]);
    if (name === 'encodeDownlink')
      return ['encodeDownlink', typeof encodeDownlink === 'function' ? encodeDownlink : within('encodeDownlink')];
    const choices = [
      ['decodeUplink', typeof decodeUplink === 'function' ? decodeUplink : within('decodeUplink')],
      ['Decode', typeof Decode === 'function' ? Decode : within('Decode')],
      ['Decoder', typeof Decoder === 'function' ? Decoder : within('Decoder')]];
    return choices.find(c => c[1]) || choices[0];
  }

  function invoke(name, text) {
    const [kind, entry] = find(name);
    if (!entry) throw new TypeError('the file has no function ' + kind);
    const input = parse(text);
    if (typeof input.recvTime === 'string') input.recvTime = new DateOf(input.recvTime);
    if (input.variables === undefined) input.variables = {};
    switch (kind) {
      case 'Decode': return { data: entry(input.fPort, input.bytes, input.variables) };
      case 'Decoder': return { data: entry(input.bytes, input.fPort) };
    }
    return entry(input);
  }

  // The answer begins with "=", and then is JSON, or with "!", and then says
  // what was thrown.
  return function (name, text) {
    try {
      const out = stringify(invoke(name, text));
      return typeof out === 'string' ? '=' + out : '!nothing was returned';
    } catch (e) {
      let what = 'something that cannot be shown';
      try { what = String(e); } catch (_) { /* an error whose toString throws */ }
      return '!threw ' + what;
    }
  };
})(globalThis)
