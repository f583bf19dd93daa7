# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeps the bytecode of what is imported from a zip file, as Python by itself keeps that of what is imported from a file.

Each module that Ansible runs comes as a zip file with the sources of all that it imports, some forty files, and Python compiles them again for each
task: half of what a module costs (https://docs.ansible.com/ansible/latest/dev_guide/developing_program_flow_modules.html#ansiballz). The same sources
are executed with and without this. Used by the tests alone: on the controller, by PYTHONPATH, and on the nodes of the lab.
"""

import _imp
import marshal
import os
import sys
import zipimport

DIRECTORY = os.path.join(os.environ.get("TLSFRONT_CACHE", "/var/cache"), "zip-bytecode", sys.implementation.cache_tag)
compile_source = zipimport._compile_source


def kept(pathname, source):
    """The code of a source, named by its length and hash: as CPython's ``_bootstrap_external`` does with hash-based ``.pyc`` files."""
    path = os.path.join(DIRECTORY, f"{len(source)}-{_imp.source_hash(0, source).hex()}")
    try:
        with open(path, "rb") as file:
            code = marshal.loads(file.read())
        _imp._fix_co_filename(code, pathname)
        return code
    except (OSError, ValueError, EOFError, TypeError):
        code = compile_source(pathname, source)
    try:
        os.makedirs(DIRECTORY, 0o755, exist_ok=True)
        with open(f"{path}.{os.getpid()}", "xb") as file:
            file.write(marshal.dumps(code))
        os.replace(file.name, path)
    except OSError:
        pass  # another's directory: then it is compiled each time
    return code


zipimport._compile_source = kept
