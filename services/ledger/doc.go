// Package ledger proves that the record of transitions is whole, and tells
// the story of one order from it. Verify walks the hash chain and names the
// first row that is broken and what is wrong with it; Timeline merges the
// rows of an order and its incidents into one list; Agree compares the orders
// with what their rows say.
//
// It deliberately writes nothing: rows are sealed by the store as they are
// appended (plantroom.LedgerRow). A chain proves that nothing inside it was
// changed; that nothing was cut off its end can only be seen against a Head
// which was kept somewhere else.
package ledger
