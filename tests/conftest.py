"""How properties are tested: by as many examples as they say, however long a busy machine takes for one of them."""

from hypothesis import HealthCheck, settings

settings.register_profile("jusante", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("jusante")
