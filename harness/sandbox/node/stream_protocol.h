// How the API server talks to a node agent about a running pod (exec, attach, logs, port-forward):
// plain TCP to port 10250 of the node's InternalIP inside the private world.
//
// The caller sends one JSON line:
//   {"op":"exec","namespace","pod","container","command":[...],"stdin":bool,"stdout":bool,"stderr":bool,"tty":bool}
//   {"op":"attach","namespace","pod","container","stdin":bool,"stdout":bool,"stderr":bool,"tty":bool}
//   {"op":"logs","namespace","pod","container","follow":bool,"previous":bool,"timestamps":bool,"tailLines":n,"sinceSeconds":n,"sinceTime":"RFC 3339","limitBytes":n}
//   {"op":"portforward","namespace","pod","ports":[5432,...],"halfClose":bool}
// ("container" may be empty: the only or first one; absent numbers mean no limit). The agent
// answers one JSON line, {"ok":true} or
// {"ok":false,"status":404,"reason":"NotFound","message":"..."}, and then both send frames: one
// byte channel, four bytes big-endian length, payload. Channels are those of Kubernetes: 0 stdin, 1
// stdout, 2 stderr, 3 the final Status as JSON (v4 format, with the exit code), 4 resize, 255 with
// a payload of one byte n: channel n is closed. The agent closes after channel 3. With portforward
// channel 2i carries the bytes of the i-th port and 2i+1 the text of its error, each beginning with
// the port's number (two bytes, little-endian); with halfClose either side ends its direction of
// a port by 255, else the agent closes once the pod has ended all of them.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_PROTOCOL_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_STREAM_PROTOCOL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::sandbox {

inline constexpr int kNodeAgentPort = 10250;
inline constexpr uint8_t kStdinChannel = 0;
inline constexpr uint8_t kStdoutChannel = 1;
inline constexpr uint8_t kStderrChannel = 2;
inline constexpr uint8_t kStatusChannel = 3;
inline constexpr uint8_t kResizeChannel = 4;
inline constexpr uint8_t kCloseChannel = 255;

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
