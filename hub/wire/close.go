package wire

// The close codes of the hub. Section 1.
const (
	ClosePlannedStop    = 1012
	CloseTooLarge       = 1009
	CloseRemoved        = 1008 // removed, suspended or flooding
	CloseTryLater       = 1013 // queue overflow, too many sockets
	CloseAuthentication = 4000
	CloseHeartbeat      = 4001
)

// Goodbye is the reason of CloseAuthentication and CloseHeartbeat.
const Goodbye = "goodbye"

// A Close is a code with which a websocket is closed, in words.
type Close struct {
	Code  int
	About string // a sentence: what has happened
	Do    string // a sentence: what a client does about it
}

// Closes are the codes that the hub closes sockets with.
var Closes = []Close{
	{CloseAuthentication, "Authentication failed; the failure said why.", "Mend the credentials or the flags before trying again."},
	{CloseHeartbeat, "Three heartbeats were not answered, or the socket did not authenticate in time.", "Answer each heartbeat; then connect again."},
	{CloseRemoved, "The game or application was removed or suspended, or it sent too much over the limits.", "Ask the operator."},
	{CloseTooLarge, "A message was larger than the hub takes.", "Send less at once; then connect again."},
	{ClosePlannedStop, "The hub stops as planned; restart said for how long.", "Connect again after that time."},
	{CloseTryLater, "The hub cannot serve the socket now: it took what it was sent too slowly, there are too many sockets, or too many authentications failed.", "Wait a little longer each time; then connect again."},
}

// others are codes that only clients and the websocket itself close with; RFC 6455, 7.4.1.
var others = []Close{
	{1000, "The client closed the socket: it was done.", ""},
	{1001, "The client closed the socket: it went away, as a program that ends does.", ""},
	{1002, "A frame broke the rules of websockets.", "Look at the client's websocket library, and at what is between it and the hub."},
	{1003, "The client got data of a kind that it does not take.", ""},
	{1005, "The client closed the socket without saying why.", ""},
	{1006, "The link was cut, without a close frame.", "Look at the client's machine and at what is between it and the hub."},
	{1007, "A text was not valid UTF-8.", "Encode what is sent as UTF-8."},
	{1011, "The client met an error of its own.", "Look into the client's log."},
}

// FindClose says what a close code means; one that nobody knows has no words.
func FindClose(code int) Close {
	for _, list := range [][]Close{Closes, others} {
		for _, c := range list {
			if c.Code == code {
				return c
			}
		}
	}
	return Close{Code: code}
}
