"""The original's library itself, as its README says to use it. `python pypel_process.py FILE INDEX`, with ELASTICSEARCH_NODE."""

import os
import sys

from pypel.extractors import CSVExtractor
from pypel.loaders import Loader
from pypel.processes import Process
from pypel.transformers import Transformer

file, index = sys.argv[1:]
loader = Loader({"host": os.environ["ELASTICSEARCH_NODE"]}, indice=index, time_freq="")
Process(CSVExtractor(), Transformer(), loader).process(file)
