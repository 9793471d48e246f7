#pragma once
// What d1sim says of itself.

#include <string_view>

namespace d1 {

inline constexpr std::string_view introduction =
    R"text(d1sim - a model of Tesla's D1 die: bit-true, timed, on every node

  d1sim run FILE [options]             run the layers of a SCALE-Sim topology table
  d1sim explain RESULT|FILE [options]  say what set the end of a layer, and which parameter would shorten it most
  d1sim exec PROGRAM [options]         run programs in the text form, with NumPy arrays in and out
  d1sim check PROGRAM... [options]     say what is wrong with programs, without running them
  d1sim noc [options]                  load the mesh with synthetic traffic and measure it
  d1sim map [--config, --set]          print what lies at which address; with --routes FILE, write the route table
  d1sim --dump-config                  print every parameter with its meaning and source
  d1sim --help | --version             'd1sim exec --help' teaches that command, and so on

Examples
  d1sim run resnet50.csv --check                      every result compared with an independent reference
  d1sim run bert_large.csv --format cfp8_143 --check  CFloat8 operands: the same rate, half the bytes
  d1sim run bert_large.csv --functional off           the same cycles without computing anything
  d1sim run resnet50.csv --pass training --check      forward, both gradients and the optimizer of each layer
  d1sim run resnet50.csv --set die.noc.link_packets_per_cycle=4 --json wide.json
  d1sim --dump-config > my.yaml; d1sim run resnet50.csv --config my.yaml
  d1sim noc --pattern uniform --rate 0.01:0.4:0.02 --timing ca --json mesh.json --csv mesh.csv
  d1sim exec docs/examples/all_reduce.d1p --load data=in.npy --dump data=out.npy --check
)text";

inline constexpr std::string_view run_help =
    R"text(d1sim run FILE [options] - run the layers of a SCALE-Sim topology table
d1sim run FORWARD DGRAD WGRAD [options] - run the three tables of a training set

FILE is a CSV of layers, either 'Layer, M, N, K,' or 'Layer name, IFMAP Height, IFMAP Width, Filter Height,
Filter Width, Channels, Num Filter, Strides,'. ResNet-50 and BERT-large come with the project, in
testbenches/d1sim/topologies.

Columns of the table: cycles and us from the launch to the last byte; TFLOPS and % of the live nodes' peak; bytes
that the mesh delivered; bound_by, the largest lower bound among matrix steps, SRAM ports, the most loaded link
and the longest chain of synchronisation.

--pass training adds, for each layer, the products of its input gradient (dgrad) and weight gradient (wgrad) and the step of
the optimizer. Three tables are those of forward, input gradients and weight gradients, as SCALE-Sim's training sets are.

--emit-programs DIR writes, for each layer, the programs that the kernels make, the operands as they were loaded and
the results; the first lines of each program say how 'd1sim exec' runs it to the same bytes and cycles.
)text";

inline constexpr std::string_view explain_help =
    R"text(d1sim explain RESULT|FILE [options] - say what set the end of a layer, and which parameter would shorten it most

FILE is a layer table as for 'd1sim run', with the same options; RESULT is what its --json wrote, and says itself on which
machine its layers ran. --layer names the layer, --pass its pass: forward, dgrad, wgrad or optimizer.

The critical path is the chain that set the end: from the thread that ended last back through what it did, and from a
wait to the thread whose signal ended it. First what the path's cycles were, together those of the layer; then its
longest steps in the order of time; then, for each parameter that has a part in it, the cycles of the layer with the
parameter doubled or halved, each by a run of its own. docs/explain.md says more.
)text";

inline constexpr std::string_view map_help =
    R"text(d1sim map [--config, --set] - print what lies at which address

A line for each range of the flat, global addresses that the parameters make: the SRAM of each node, dead ones named as
such, and what is reserved for other dies and for DIPs. An access to what is not mapped is answered with an address
error, counted, and reported with its origin.

--routes FILE writes the paths of the mesh instead, dead nodes and links avoided, as a route table for
--set die.noc.routing=table --set die.noc.routing_table=FILE.
)text";

inline constexpr std::string_view exec_help =
    R"text(d1sim exec PROGRAM [options] - run programs in the text form, with NumPy arrays in and out

PROGRAM is a file as docs/program_text.md describes: one program or several, and the logical nodes that run each.
A small one:

  d1p 1
  program "double"
  buffer data address=0 bytes=256 type=fp32 input=1
  thread {
      vector_operation operation=add destination=data a=data b=data elements=64 destination_type=fp32 a_type=fp32 b_type=fp32
  }

  python3 -c "import numpy; numpy.save('in.npy', numpy.ones(64, 'float32'))"
  d1sim exec double.d1p --load data=in.npy --dump data=out.npy --on 0,0:3,1

runs it on 4 x 2 nodes, each with the same data; out.npy is a float32 array [2, 4, 64]: rows, columns, elements.

SYMBOL is a buffer's name. --load takes an array [rows, columns, ...] of all nodes' elements, or one of a single
buffer's elements for all nodes. Floats are rounded to the buffer's type (nearest, ties to even); unsigned integers
of the element's width are its bit patterns. --dump gives float32, which is exact for every floating-point type.

--on x0,y0:x1,y1 puts a single program onto those logical nodes, whatever its file says. Logical nodes are laid over
live ones, from 0,0 to the farthest that the program names. A program that says nothing of nodes runs on 0,0.
--check looks for races while the program runs. docs/all_reduce.md explains a whole program line by line.
)text";

inline constexpr std::string_view check_help =
    R"text(d1sim check PROGRAM... [options] - say what is wrong with programs, without running them

Faults go to the standard error as compilers tell theirs, with the line and a mark below the place:

  ring.d1p:12:24: error D1-E501: unknown name 'ful'; did you mean 'full'?

A file without one gets a line on the standard output. --set and --config give the node that a program must fit, and
--on the nodes that run it, as for 'd1sim exec'. Exit codes: 0 all are good; 2 one has a fault or cannot be read.
)text";

inline constexpr std::string_view noc_help =
    R"text(d1sim noc [options] - load the mesh with synthetic traffic or a trace, and measure it

Every sending node creates bursts at random with the given mean rate and puts them into an unbounded queue; a packet a
cycle leaves it for the mesh. A line a rate: offered and accepted packets per sending node and cycle; latency from the
entry into the queue to ejection, mean with its 95 % confidence, median, 99 % and largest; the part of the mean in the
mesh and in the queue; links on the way. 'saturated' is a point whose latency is more than three times that of an empty
mesh, or which accepts less than 0.98 of what is offered. docs/noc.md defines the patterns; scripts/plot_noc.py draws.

  d1sim noc --rate 0.01:0.4:0.02 --timing ca --no-dead --stop-saturated         latency over load, full mesh
  d1sim noc --rate 0.05 --burst 1:50,4:30,16:20 --on-off 50:150                 sizes mixed, in phases
  d1sim noc --rate 0.02 --reply 16 --service 20                                 requests and replies
  d1sim noc --outstanding 1,2,4,8 --reply 16                                    the same in a closed loop
  d1sim noc --rate 0.1 --write-trace t.csv; d1sim noc --trace t.csv             replay, with the same result

The mesh is that of the die: --set die.noc.columns=8, die.noc.buffer_depth=4, die.noc.channels_per_class=2 and so on;
dead nodes neither send nor receive; --no-dead makes it the full mesh. --timing at and ca can be compared.
)text";

inline constexpr std::string_view exit_codes = R"text(
Exit codes: 0 good; 1 a check failed or a program could not finish; 2 bad usage or input; 3 deadlock, with who
waits for what; 130 interrupted, what was done is reported with "complete": false.
)text";

}  // namespace d1
