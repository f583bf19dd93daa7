# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trust one CA and no other, with the Python client 8 or 9: ``Elasticsearch(url, ssl_context=sealed_context(cafile))``."""
import ssl


class _Sealed(ssl.SSLContext):
    """The client adds certifi's 150 or so public CAs to the context that it is given, at each connect: here, in vain."""

    def load_verify_locations(self, *args, **kwargs):
        pass


def sealed_context(cafile):
    # chain and host name are verified: https://docs.python.org/3/library/ssl.html#ssl.PROTOCOL_TLS_CLIENT
    context = _Sealed(ssl.PROTOCOL_TLS_CLIENT)
    ssl.SSLContext.load_verify_locations(context, cafile=cafile)
    context.hostname_checks_common_name = False
    return context
