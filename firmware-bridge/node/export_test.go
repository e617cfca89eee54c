package node

// What the tests in package node_test see beyond the API.
var (
	AppendBody = appendBody
	DecodeBody = decodeBody
)
