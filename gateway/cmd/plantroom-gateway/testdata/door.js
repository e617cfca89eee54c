// A made-up door sensor, for the tests of "codec test".
// port 1: byte 0 bit 0 open; bytes 1-2 battery in mV, big-endian; byte 3 °C
function decodeUplink(input) {
  var b = input.bytes;
  if (input.fPort !== 1) return { errors: ['unknown port ' + input.fPort] };
  var data = { open: (b[0] & 1) === 1, battery: (b[1] << 8 | b[2]) / 1000, temperature: b[3] << 24 >> 24 };
  return { data: data, warnings: data.battery < 2.5 ? ['battery is low'] : [] };
}
function encodeDownlink(input) {
  return { fPort: 2, bytes: [input.data.minutes >> 8, input.data.minutes & 255] };
}
