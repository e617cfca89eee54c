package plugin

// Kinds is what variables can be made from, for tests.
var Kinds = kinds
