// Buffer for codecs that name it. Evaluated before the codec's file.
//
// It is a Uint8Array with those of Node's methods that decoders use:
//   Buffer.from(array | Uint8Array | ArrayBuffer | string, encoding), Buffer.alloc(size, fill),
//   Buffer.concat(list), Buffer.isBuffer(x), Buffer.byteLength(string, encoding)
//   readUInt8, readInt8; read{UInt,Int}{16,32}{LE,BE}; read{Float,Double}{LE,BE};
//   readBig{UInt,Int}64{LE,BE}; read{UInt,Int}{LE,BE}(offset, length); the same with write, except of Big;
//   and each of them spelled Uint
//   slice and subarray (both share memory, as in Node), equals, toString(encoding, start, end), toJSON
// Encodings: utf8 (the default), hex, base64, ascii, latin1, binary. A read
// beyond the end throws a RangeError, as in Node.
(function (global) {
  'use strict';

  const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

  function utf8Bytes(s) {
    const out = [];
    for (const c of s) {
      let n = c.codePointAt(0);
      if (n >= 0xd800 && n <= 0xdfff) n = 0xfffd;
      if (n < 0x80) out.push(n);
      else if (n < 0x800) out.push(0xc0 | n >> 6, 0x80 | n & 63);
      else if (n < 0x10000) out.push(0xe0 | n >> 12, 0x80 | n >> 6 & 63, 0x80 | n & 63);
      else out.push(0xf0 | n >> 18, 0x80 | n >> 12 & 63, 0x80 | n >> 6 & 63, 0x80 | n & 63);
    }
    return out;
  }

  function utf8Text(b) {
    let out = '';
    for (let i = 0; i < b.length;) {
      const first = b[i++];
      let more = first >= 0xf0 && first < 0xf5 ? 3 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xc2 && first < 0xe0 ? 1 : 0;
      let n = more ? first & 0x3f >> more : first;
      if (!more && first >= 0x80) n = 0xfffd;
      for (; more > 0; more--) {
        if ((b[i] & 0xc0) !== 0x80) { n = 0xfffd; break; }
        n = n << 6 | b[i++] & 63;
      }
      out += String.fromCodePoint(n > 0x10ffff || n >= 0xd800 && n <= 0xdfff ? 0xfffd : n);
    }
    return out;
  }

  function base64Bytes(s) {
    const out = [];
    let bits = 0, n = 0;
    for (const c of s) {
      const v = ALPHABET.indexOf(c === '-' ? '+' : c === '_' ? '/' : c);
      if (c === '=') break;
      if (v < 0) continue;
      n = n << 6 | v;
      bits += 6;
      if (bits >= 8) { bits -= 8; out.push(n >> bits & 255); }
    }
    return out;
  }

  function base64Text(b) {
    let out = '';
    for (let i = 0; i < b.length; i += 3) {
      const n = b[i] << 16 | (b[i + 1] || 0) << 8 | (b[i + 2] || 0);
      out += ALPHABET[n >> 18] + ALPHABET[n >> 12 & 63] +
        (i + 1 < b.length ? ALPHABET[n >> 6 & 63] : '=') + (i + 2 < b.length ? ALPHABET[n & 63] : '=');
    }
    return out;
  }

  function hexBytes(s) {
    const out = [];
    for (let i = 0; i + 2 <= s.length; i += 2) {
      const pair = s.slice(i, i + 2);
      if (!/^[0-9a-f]{2}$/i.test(pair)) break;
      out.push(parseInt(pair, 16));
    }
    return out;
  }

  function latin1Bytes(s) { return Array.from(s.split(''), c => c.charCodeAt(0) & 255); }

  function encodingOf(name) {
    const e = String(name === undefined || name === null ? 'utf8' : name).toLowerCase();
    switch (e) {
      case 'utf-8': return 'utf8';
      case 'ascii': case 'binary': return 'latin1';
      case 'utf8': case 'hex': case 'base64': case 'latin1': return e;
    }
    throw new TypeError('Unknown encoding: ' + name);
  }

  const toBytes = { utf8: utf8Bytes, hex: hexBytes, base64: base64Bytes, latin1: latin1Bytes };

  class Buffer extends Uint8Array {
    static from(source, encoding, length) {
      if (typeof source === 'string') return new Buffer(toBytes[encodingOf(encoding)](source));
      if (source instanceof ArrayBuffer) return new Buffer(source, encoding, length);
      return new Buffer(Array.from(source, Number));
    }
    static alloc(size, fill) {
      const b = new Buffer(size);
      return fill === undefined ? b : b.fill(fill);
    }
    static allocUnsafe(size) { return new Buffer(size); }
    static isBuffer(x) { return x instanceof Buffer; }
    static byteLength(source, encoding) { return typeof source === 'string' ? Buffer.from(source, encoding).length : source.byteLength; }
    static concat(list) {
      const out = new Buffer(list.reduce((n, b) => n + b.length, 0));
      let at = 0;
      for (const b of list) { out.set(b, at); at += b.length; }
      return out;
    }
    slice(start, end) { return this.subarray(start, end); }
    equals(other) { return this.length === other.length && this.every((b, i) => b === other[i]); }
    toJSON() { return { type: 'Buffer', data: Array.from(this) }; }
    toString(encoding, start, end) {
      const b = this.subarray(start === undefined ? 0 : start, end === undefined ? this.length : end);
      switch (encodingOf(encoding)) {
        case 'hex': return Array.from(b, x => (x < 16 ? '0' : '') + x.toString(16)).join('');
        case 'base64': return base64Text(b);
        case 'latin1': return Array.from(b, x => String.fromCharCode(x)).join('');
      }
      return utf8Text(b);
    }
  }

  const methods = Buffer.prototype;
  function method(name, f) {
    for (const n of [name, name.replace('UInt', 'Uint')])
      Object.defineProperty(methods, n, { value: f, writable: true, configurable: true });
  }
  function place(b, offset, size) {
    if (offset === undefined) offset = 0;
    if (!Number.isInteger(offset) || offset < 0 || offset + size > b.length)
      throw new RangeError('The value of "offset" is out of range: ' + size + ' bytes at ' + String(offset) + ' of ' + b.length);
    return offset;
  }
  for (const [name, type, size] of [
    ['UInt8', 'Uint8', 1], ['Int8', 'Int8', 1], ['UInt16', 'Uint16', 2], ['Int16', 'Int16', 2], ['UInt32', 'Uint32', 4], ['Int32', 'Int32', 4],
    ['Float', 'Float32', 4], ['Double', 'Float64', 8], ['BigUInt64', 'BigUint64', 8], ['BigInt64', 'BigInt64', 8]]) {
    for (const order of size === 1 ? [''] : ['LE', 'BE']) {
      const little = order === 'LE', get = DataView.prototype['get' + type], set = DataView.prototype['set' + type];
      method('read' + name + order, function (offset) {
        const at = place(this, offset, size);
        return get.call(new DataView(this.buffer, this.byteOffset, this.byteLength), at, little);
      });
      if (name.startsWith('Big')) continue;
      method('write' + name + order, function (value, offset) {
        const at = place(this, offset, size);
        set.call(new DataView(this.buffer, this.byteOffset, this.byteLength), at, value, little);
        return at + size;
      });
    }
  }
  for (const order of ['LE', 'BE']) {
    method('readUInt' + order, function (offset, length) {
      const at = place(this, offset, length);
      let n = 0;
      for (let i = 0; i < length; i++) n = n * 256 + this[at + (order === 'BE' ? i : length - 1 - i)];
      return n;
    });
    method('readInt' + order, function (offset, length) {
      const n = this['readUInt' + order](offset, length), half = Math.pow(2, 8 * length - 1);
      return n >= half ? n - 2 * half : n;
    });
    method('writeUInt' + order, function (value, offset, length) {
      const at = place(this, offset, length);
      for (let i = 0; i < length; i++, value = Math.floor(value / 256)) this[at + (order === 'BE' ? length - 1 - i : i)] = value & 255;
      return at + length;
    });
    method('writeInt' + order, function (value, offset, length) {
      return this['writeUInt' + order](value < 0 ? value + Math.pow(2, 8 * length) : value, offset, length);
    });
  }

  Object.defineProperty(global, 'Buffer', { value: Buffer, writable: true, configurable: true });
})(globalThis)
