// Kubernetes' protobuf messages: which number each field has on the wire. Numbers, names and types
// are the API's own (the generated.proto files that Kubernetes publishes).
//
// One message is "Name: 1 field type, 2 field type, ...". A type is s (string), i (integer), b
// (bool), y (bytes) or the name of a message; before it stand [] for a list, {} for a map with
// string keys, and * for a field that can be absent, so that a zero in it means something. A field
// called "-" has no name in JSON: its own fields stand in its place.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_PROTOBUF_FIELDS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_PROTOBUF_FIELDS_H_

namespace holdfast::sandbox {

extern const char* const kProtobufFields1;
extern const char* const kProtobufFields2;
extern const char* const kProtobufFields3;

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_PROTOBUF_FIELDS_H_
