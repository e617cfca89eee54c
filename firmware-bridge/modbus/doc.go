// Package modbus makes samples of the registers of Modbus devices. What a
// device keeps in which register is data: a Map, from a file whose JSON Schema
// is Schema. Maps of some devices are shipped, see Names.
//
// Addresses are those of the protocol: from 0, apart for each of the four
// tables (MODBUS Application Protocol V1.1b3, section 4.3). A manual's
// "30001" is table input, address 0; its "40010" is table holding, address 9.
// Registers hold 16 bits, big end first; how a device puts 32 bits into two of
// them is its own affair, and a point's Order says it.
//
// Stated rules: a float that is not a finite number is how devices say that
// they have no value, and gives no sample; so does a raw value that the map
// lists as absent. A value outside the point's Min and Max, and a number that
// the point's Values do not list, is an error and gives no sample. The other
// points of the same answer stand.
//
// The package deliberately reads no device and no file, knows no framing and
// no clock, and keeps no state: package gateway/modbus asks, when and whom,
// and gateway/app/config reads maps that people write.
package modbus
