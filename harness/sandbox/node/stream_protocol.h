// How the API server talks to a node agent about a running pod (exec, logs): plain TCP to port
// 10250 of the node's InternalIP inside the private world.
//
// The caller sends one JSON line:
//   {"op":"exec","namespace","pod","container","command":[...],"stdin":bool,"stdout":bool,"stderr":bool,"tty":bool}
//   {"op":"logs","namespace","pod","container","follow":bool,"previous":bool,"timestamps":bool,"tailLines":n,"sinceSeconds":n,"limitBytes":n}
// ("container" may be empty: the only or first one; absent numbers mean no limit). The agent
// answers one JSON line, {"ok":true} or
// {"ok":false,"status":404,"reason":"NotFound","message":"..."}, and then both send frames: one
// byte channel, four bytes big-endian length, payload. Channels are those of Kubernetes: 0 stdin, 1
// stdout, 2 stderr, 3 the final Status as JSON (v4 format, with the exit code), 4 resize, 255 with
// a payload of one byte n: channel n is closed. The agent closes after channel 3.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_PROTOCOL_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_PROTOCOL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::sandbox {

inline constexpr int kNodeAgentPort = 10250;

struct Frame {
  uint8_t channel = 0;
  std::string payload;
};

std::string EncodeFrame(uint8_t channel, std::string_view payload);
// Takes the first whole frame off the front of `buffer`, or nullopt when more bytes are needed.
std::optional<Frame> TakeFrame(std::string& buffer);
// Takes the first line (without its newline) off the front of `buffer`, or nullopt.
std::optional<std::string> TakeLine(std::string& buffer);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_PROTOCOL_H_
