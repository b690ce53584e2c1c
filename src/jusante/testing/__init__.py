"""The conformance suite that every connector passes, in this package or in somebody else's.

```python
class TestShopConnector(ConnectorConformance):
    @pytest.fixture
    def source(self, tmp_path):  # a SourceUnderTest: how the tests put rows where the connector finds them
        return ShopUnderTest(tmp_path)
```
Beside `source` the suite asks for a fixture `engine`, a real `ports.engine.Engine`. pytest is needed to run it only.
"""

from jusante.testing.conformance import ConnectorConformance
from jusante.testing.rows import ODD_NAMES, SAMPLES, TABLE, Row
from jusante.testing.source import SourceUnderTest

__all__ = ["ODD_NAMES", "SAMPLES", "TABLE", "ConnectorConformance", "Row", "SourceUnderTest"]
