"""Each rule of check_layering.py, on a small tree that keeps it and on one that breaks it."""

import tempfile
import unittest
from pathlib import Path

import check_layering

# A tree with every kind of arrow that is allowed.
GOOD = {
    "models/parameter/parameter.hpp": "#include <string>\n",
    "models/numerics/matrix.hpp": '#include "models/parameter/parameter.hpp"\n',
    "models/packet/coordinate.hpp": "#include <compare>\n",
    "models/packet/packet_times.hpp": '#include "models/packet/coordinate.hpp"\n',
    "models/packet/link.hpp": '#include <tlm>\n#include "models/packet/packet_times.hpp"\n',
    "models/program/cursor.hpp": '#include "models/numerics/matrix.hpp"\n#include "models/packet/coordinate.hpp"\n',
    "models/reporting/expect_report.hpp": "#include <systemc>\n",
    "models/timing/event_queue.hpp": '#include <systemc>\n#include "models/packet/packet_times.hpp"\n',
    "models/sram/sram.hpp": '#include "models/timing/event_queue.hpp"\n#include "models/packet/link.hpp"\n',
    "models/sram/CMakeLists.txt": "d1_test(sram_test SOURCES sram_test.cpp)\n",
    "models/sram/sram_test.cpp": '#include "models/reporting/expect_report.hpp"\n',
    "models/core/core.hpp": '#include "models/sram/sram.hpp"\n#include "models/program/cursor.hpp"\n',
    "models/transactors/protocol_checker.hpp": '#include "models/packet/link.hpp"\n',
    "models/noc/interface_bench.hpp": '#include "models/transactors/protocol_checker.hpp"\n',
    "models/noc/router.hpp": '#include "models/sram/sram.hpp"\n#include "models/packet/link.hpp"\n',
    "platforms/die.hpp": '#include "models/core/core.hpp"\n#include "models/noc/router.hpp"\n',
    "testbenches/kernels/gemm.hpp": '#include "platforms/die.hpp"\n',
    "testbenches/d1sim/CMakeLists.txt": "add_executable(d1sim\n  main.cpp)\n",
    "testbenches/d1sim/main.cpp": '  #  include "testbenches/kernels/gemm.hpp"\n#include <boost/json.hpp>\n',
}


class layering(unittest.TestCase):
    def violations(self, **changed):
        """Those of the good tree with some files' text replaced; a key is a path with __ for / and no suffix."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder).resolve()
            for path, text in GOOD.items():
                key = path.rsplit(".", 1)[0].replace("/", "__")
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(changed.pop(key, text), encoding="utf-8")
            self.assertFalse(changed, "no such file in the good tree")
            return check_layering.violations(root)

    def refuses(self, expected, **changed):
        self.assertEqual(self.violations(**changed), [expected])

    def test_accepts_arrows_that_point_down(self):
        self.assertEqual(self.violations(), [])

    def test_refuses_a_model_that_includes_a_platform(self):
        self.refuses("models/noc/router.hpp:2: models may not include platforms",
                     models__noc__router='#include <tlm>\n#include "platforms/die.hpp"\n')

    def test_refuses_a_platform_that_includes_a_testbench(self):
        self.refuses("platforms/die.hpp:1: platforms may not include testbenches",
                     platforms__die='#include "testbenches/kernels/gemm.hpp"\n')

    def test_refuses_transactors_in_a_block_itself(self):
        self.refuses("models/noc/router.hpp:1: models/noc may not include models/transactors",
                     models__noc__router='#include "models/transactors/protocol_checker.hpp"\n')

    def test_refuses_an_arrow_between_core_and_network(self):
        self.refuses("models/core/core.hpp:1: models/core may not include models/noc",
                     models__core__core='#include "models/noc/router.hpp"\n')

    def test_refuses_an_arrow_from_memory_up_to_the_core(self):
        self.refuses("models/sram/sram.hpp:1: models/sram may not include models/core",
                     models__sram__sram='#include "models/core/core.hpp"\n')

    def test_refuses_test_headers_outside_tests(self):
        self.refuses("models/sram/sram.hpp:1: models/sram may not include models/reporting",
                     models__sram__sram='#include "models/reporting/expect_report.hpp"\n')

    def test_refuses_packets_with_systemc_in_a_program(self):
        self.refuses("models/program/cursor.hpp:1: models/program may not include models/packet",
                     models__program__cursor='#include "models/packet/link.hpp"\n')

    def test_refuses_systemc_in_a_program(self):
        self.refuses("models/program/cursor.hpp:1: <systemc> in a file that is to be free of SystemC",
                     models__program__cursor="#include <systemc>\n")

    def test_refuses_systemc_in_a_plain_header(self):
        self.refuses("models/packet/coordinate.hpp:1: <tlm> in a file that is to be free of SystemC",
                     models__packet__coordinate="#include <tlm>\n")

    def test_refuses_a_plain_header_that_reaches_systemc_through_another(self):
        self.refuses("models/packet/packet_times.hpp:1: a plain header may include plain headers only, "
                     "not models/packet/link.hpp",
                     models__packet__packet_times='#include "models/packet/link.hpp"\n')

    def test_refuses_an_include_that_is_not_written_from_the_root(self):
        for path in ("router.hpp", "../noc/router.hpp", "noc/router.hpp"):
            self.refuses(f'models/noc/router.hpp:1: "{path}" is not written from the root of the repository '
                         "(and a library's goes in <>)",
                         models__noc__router=f'#include "{path}"\n')

    def test_refuses_an_include_in_angle_brackets_of_a_file_of_the_project(self):
        self.refuses('platforms/die.hpp:1: <models/core/core.hpp> is the project\'s: write "models/core/core.hpp"',
                     platforms__die="#include <models/core/core.hpp>\n")

    def test_refuses_a_file_that_does_not_exist(self):
        self.refuses('platforms/die.hpp:1: "models/core/cores.hpp" does not exist',
                     platforms__die='#include "models/core/cores.hpp"\n')

    def test_refuses_a_folder_that_has_no_layer(self):
        GOOD["models/cache/cache.hpp"] = '#include "models/sram/sram.hpp"\n'
        self.addCleanup(GOOD.pop, "models/cache/cache.hpp")
        self.refuses("models/cache/cache.hpp:1: models/cache has no place among the layers; "
                     "give it one in scripts/check_layering.py")

    def test_refuses_a_source_file_that_is_never_built(self):
        self.refuses("models/sram/sram_test.cpp:1: no CMakeLists.txt names this file",
                     models__sram__CMakeLists="d1_test(sram_test SOURCES other_sram_test.cpp)\n")

    def test_refuses_a_tree_without_sources(self):
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(check_layering.main([folder]), 2)


if __name__ == "__main__":
    unittest.main()
