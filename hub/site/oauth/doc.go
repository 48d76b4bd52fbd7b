// Package oauth lets games' sites sign people in with their accounts of the hub: an OAuth 2.0
// authorization server (RFC 6749) without pages of its own.
//
// A client is a game: its client id and secret are those that its socket authenticates
// with, its redirect URIs those of its record. There is one flow, authorization code, with
// PKCE by S256 (RFC 7636), which a client without the secret must use. Tokens are opaque;
// refresh tokens are good once (RFC 9700), and what is used again takes the login with it.
// There are also the metadata document (RFC 8414), the parameter iss (RFC 9207) and
// revocation (RFC 7009).
//
// The page that asks the person calls [Server.ParseAuthorize], shows what the [Request]
// wants unless it is [Server.Known], and sends the browser to what [Server.Approve] or
// [Server.Deny] give.
//
// What old clients of Grapevine do works: they send JSON or a form, the secret in the body
// and in the header at once, and scopes that are separated by plus signs. What is not safe
// does not: redirect URIs without TLS, and codes for nothing but a client id.
//
// A Server is safe for concurrent use. It counts failures in memory, and knows no cookies and no
// sessions. So scripts of any site may call all but the page that asks (CORS), with what they know
// themselves: a code and its verifier, or a token.
package oauth
