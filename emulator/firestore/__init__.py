"""An embedded Firestore that Google's unmodified client libraries talk to.

From the inside out, each importing only what stands before it:

- `proto`: the protocol's messages. `errors`, `names`: refusals and resource names.
- `values`: order-preserving bytes, field paths, limits.
- `storage`: documents, index entries and history in SQLite; one writer, snapshots for readers.
- `query`: messages to a model, the model to a plan, the plan to SQL and results.
- `write`: preconditions, masks and transforms. `transactions`: pessimistic locks.
- `engine`: commits and consistent reads from all of these. `triggers`: committed changes as events.
- `rpc`, `listen`: the service's methods on protobuf messages, whatever carries them.
- `wire`: gRPC. `service`: the parts put together.
"""
